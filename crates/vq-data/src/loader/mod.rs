//! Batches made on background threads.

mod batch;
mod config;
mod worker;

pub use batch::Batch;
pub use config::{LoaderConfig, LoaderPart, SampleOrder};

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded};

use crate::{DataError, ImageSource, Transform};
use worker::Worker;

/// An iterator of batches, which threads of its own prefetch.
///
/// Batch `k` is a pure function of the source, the transform, the batch size, the seed, the order and `k`. It depends
/// neither on the number of threads nor on the first batch of the loader, so a loader that begins at batch `k`
/// continues one that stopped before it.
/// The stream of samples does not depend on the batch size either: a loader whose `first_sample` is the
/// [`next_sample`](Self::next_sample) of another one continues it with any batch size.
///
/// With [`SampleOrder::Shuffled`] the iterator never ends. With [`SampleOrder::OnePass`] it ends after the last sample,
/// and the last batch may be smaller.
/// A batch that fails is an `Err` in its position, and the batches after it follow as usual.
/// Dropping the loader ends its threads.
pub struct Loader {
    /// Worker `w` makes the batches `first + w`, `first + w + threads`, ...
    queues: Vec<Receiver<Result<Batch, DataError>>>,
    threads: Vec<JoinHandle<()>>,
    first: u64,
    next: u64,
    /// The number after the last batch, if the stream ends.
    end: Option<u64>,
    samples: Samples,
}

/// The division of the stream of samples into batches.
struct Samples {
    first: u64,
    batch_size: u64,
    /// The number of samples, if the stream ends.
    end: Option<u64>,
}

impl Loader {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// If the source is empty, a value of the transform or the configuration is out of range, or a thread cannot be
    /// started.
    pub fn new(source: Arc<dyn ImageSource>, transform: Transform, config: LoaderConfig) -> Result<Self, DataError> {
        transform.check()?;
        config.check(source.len())?;
        let end = match config.order {
            SampleOrder::Shuffled => None,
            SampleOrder::OnePass => {
                let left = config.part.share(source.len() as u64).saturating_sub(config.first_sample);
                Some(left.div_ceil(config.batch_size as u64))
            }
        };
        let samples = Samples {
            first: config.first_sample,
            batch_size: config.batch_size as u64,
            end: end.map(|_| config.part.share(source.len() as u64)),
        };
        let mut loader = Self {
            queues: Vec::new(),
            threads: Vec::new(),
            first: config.first_batch,
            next: config.first_batch,
            end,
            samples,
        };
        for number in 0..config.threads {
            // Each worker holds one finished batch besides those in its queue.
            let ahead = config.prefetch.div_ceil(config.threads) - 1;
            let (sender, queue) = bounded(ahead);
            let worker = Worker::new(source.clone(), transform.clone(), config.clone())?;
            let batches = (config.first_batch + number as u64..end.unwrap_or(u64::MAX)).step_by(config.threads);
            let thread = std::thread::Builder::new()
                .name(format!("loader-{number}"))
                .spawn(move || worker.run(batches, &sender))
                .map_err(|error| DataError::unexpected("start a loader", "a new thread", error))?;
            loader.queues.push(queue);
            loader.threads.push(thread);
        }
        Ok(loader)
    }

    /// The number of the next batch; a loader with this `first_batch` continues here.
    #[must_use]
    pub fn next_batch(&self) -> u64 {
        self.next
    }

    /// The number of samples of the loader's part before the next batch; a loader with this `first_sample`,
    /// `first_batch` 0 and any batch size continues here.
    #[must_use]
    pub fn next_sample(&self) -> u64 {
        let Samples { first, batch_size, end } = self.samples;
        let next = first.saturating_add(self.next.saturating_mul(batch_size));
        end.map_or(next, |end| next.min(end.max(first)))
    }
}

impl Iterator for Loader {
    type Item = Result<Batch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.end.is_some_and(|end| self.next >= end) {
            return None;
        }
        let batch = self.next;
        let worker = (batch - self.first) % self.queues.len() as u64;
        self.next += 1;
        Some(self.queues[worker as usize].recv().unwrap_or(Err(DataError::LoaderDied { batch })))
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // Without a receiver, a worker's next send fails and the worker returns.
        self.queues.clear();
        for thread in self.threads.drain(..) {
            // A panic was printed when it happened, and its batch was an error.
            let _ = thread.join();
        }
    }
}
