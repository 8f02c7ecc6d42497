use serde::{Deserialize, Serialize};

use crate::DataError;

/// In which order samples come, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Endless: epoch after epoch, each a permutation made from (seed, epoch).
    ///
    /// Batches are cut from one stream, so the batch at the end of an epoch may also hold the
    /// first samples of the next one; no sample is dropped.
    Shuffled,
    /// Once, in the source's order; the last batch may be smaller.
    OnePass,
}

/// How a [`Loader`](crate::Loader) makes batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoaderConfig {
    /// Samples in a batch, N.
    pub batch_size: usize,
    /// Decides the order of samples and the chance in their transforms.
    pub seed: u64,
    /// In which order samples come.
    pub order: Order,
    /// The number of the batch to begin with: 0, or where an earlier loader stopped.
    pub first_batch: u64,
    /// How many batches are made ahead, at least 1; rounded up to a multiple of `threads`.
    pub prefetch: usize,
    /// Threads that make batches, at least 1.
    pub threads: usize,
}

impl LoaderConfig {
    /// Endless shuffled batches; 4 made ahead by one thread.
    #[must_use]
    pub fn shuffled(batch_size: usize, seed: u64) -> Self {
        Self { batch_size, seed, order: Order::Shuffled, first_batch: 0, prefetch: 4, threads: 1 }
    }

    /// Every sample once, in order; 4 batches made ahead by one thread.
    #[must_use]
    pub fn one_pass(batch_size: usize) -> Self {
        Self { order: Order::OnePass, ..Self::shuffled(batch_size, 0) }
    }

    pub(super) fn check(&self, samples: usize) -> Result<(), DataError> {
        let refuse = |expected: &str, got: u64| Err(DataError::unexpected("start a loader", expected, got));
        if samples == 0 {
            return refuse("a source with samples", 0);
        }
        if self.batch_size == 0 {
            return refuse("a batch size of at least 1", 0);
        }
        if self.prefetch == 0 {
            return refuse("a prefetch of at least 1 batch", 0);
        }
        if self.threads == 0 {
            return refuse("at least 1 thread", 0);
        }
        // Half of the range is left for the batches to come.
        if self.first_batch.checked_mul(self.batch_size as u64).is_none_or(|position| position > u64::MAX / 2) {
            return refuse("a first batch within 2^63 samples", self.first_batch);
        }
        Ok(())
    }
}
