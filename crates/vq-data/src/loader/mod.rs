//! Batches made on background threads.

mod config;
mod worker;

pub use config::{LoaderConfig, Order, Part};

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded};

use crate::{DataError, ImageSource, LabelledBox, Segmentation, Transform};
use worker::Worker;

/// Images ready for a model, with where they came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// `[N, 3, S, S]` in `-1.0..=1.0`.
    pub images: Vec<f32>,
    /// N.
    pub count: usize,
    /// S.
    pub size: u32,
    /// `[N]`, the samples' indices in their source.
    pub indices: Vec<usize>,
    /// `[N]`, the samples' captions; where there are several, one of them for each epoch (see
    /// [`Sample::caption_at`](crate::Sample::caption_at)), and the first in [`Order::OnePass`].
    pub captions: Vec<Option<String>>,
    /// `[N]`, the samples' labels, from coarse to fine.
    pub labels: Vec<Vec<String>>,
    /// `[N]`, the samples' segmentations, `[S, S]` each.
    pub segmentations: Vec<Option<Segmentation>>,
    /// `[N]`, the samples' boxes.
    pub boxes: Vec<Vec<LabelledBox>>,
}

/// An iterator of batches, made ahead of time by threads of its own.
///
/// Batch `k` is a pure function of the source, the transform, the batch size, the seed, the
/// order, and `k`: neither the number of threads nor where the loader began makes a difference,
/// so a loader that begins at batch `k` continues one that stopped before it.
/// The stream of samples does not depend on the batch size either, so that a loader whose `first_sample` is the
/// [`next_sample`](Self::next_sample) of another one continues it with any.
///
/// With [`Order::Shuffled`] the iterator never ends; with [`Order::OnePass`] it ends after the
/// last sample, the last batch holding what is left.
/// A batch that fails is an `Err` in its place, and the batches after it follow as usual.
/// Dropping the loader ends its threads.
pub struct Loader {
    /// Worker `w` makes the batches `first + w`, `first + w + threads`, ...
    queues: Vec<Receiver<Result<Batch, DataError>>>,
    threads: Vec<JoinHandle<()>>,
    first: u64,
    next: u64,
    /// The batch after the last one, if there is a last one.
    end: Option<u64>,
    samples: Samples,
}

/// How batches cut the stream of samples.
struct Samples {
    first: u64,
    batch_size: u64,
    /// How many there are, if they end.
    end: Option<u64>,
}

impl Loader {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// If the source is empty, the transform or the configuration is not sensible, or a thread
    /// cannot be started.
    pub fn new(source: Arc<dyn ImageSource>, transform: Transform, config: LoaderConfig) -> Result<Self, DataError> {
        transform.check()?;
        config.check(source.len())?;
        let end = match config.order {
            Order::Shuffled => None,
            Order::OnePass => {
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
            // Each worker may finish one batch more than its queue holds.
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

    /// The number of the batch that comes next; a loader with this `first_batch` continues here.
    #[must_use]
    pub fn next_batch(&self) -> u64 {
        self.next
    }

    /// How many samples of its part lie before the next batch; a loader with this `first_sample`, `first_batch` 0 and any
    /// batch size continues here.
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
        // Without a receiver, a worker's next delivery fails, and it returns.
        self.queues.clear();
        for thread in self.threads.drain(..) {
            // A panic was reported when it happened, and its batch was an error.
            let _ = thread.join();
        }
    }
}
