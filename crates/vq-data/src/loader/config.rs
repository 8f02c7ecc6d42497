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

/// One of several loaders that share the stream of samples, each sample going to one of them.
///
/// Loader `index` of `of` gets the samples at the positions `index`, `index + of`, `index + 2 of`, ... of the stream, each
/// just as one loader alone would get it. So over an epoch they see each sample once between them, and batch `n` of all of
/// them together holds what batch `n` of one with `of` times the batch size holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Which one, from 0.
    pub index: u64,
    /// How many there are.
    pub of: u64,
}

impl Default for Part {
    fn default() -> Self {
        Self { index: 0, of: 1 }
    }
}

impl Part {
    /// How many of the first `count` positions are this part's.
    pub(super) fn share(self, count: u64) -> u64 {
        count.saturating_sub(self.index).div_ceil(self.of)
    }
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
    /// How many samples of the part are passed over before batch 0: 0, or how many were read with another batch size.
    #[serde(default)]
    pub first_sample: u64,
    /// Which of several loaders this is; by default the only one.
    #[serde(default)]
    pub part: Part,
    /// How many batches are made ahead, at least 1; rounded up to a multiple of `threads`.
    pub prefetch: usize,
    /// Threads that make batches, at least 1.
    pub threads: usize,
}

impl LoaderConfig {
    /// Endless shuffled batches; 4 made ahead by one thread.
    #[must_use]
    pub fn shuffled(batch_size: usize, seed: u64) -> Self {
        Self {
            batch_size,
            seed,
            order: Order::Shuffled,
            first_batch: 0,
            first_sample: 0,
            part: Part::default(),
            prefetch: 4,
            threads: 1,
        }
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
        let Part { index, of } = self.part;
        if index >= of {
            let expected = "a part whose index is below the number of parts";
            return Err(DataError::unexpected("start a loader", expected, format!("index {index} of {of}")));
        }
        // Half of the range is left for the batches to come.
        let position = |batch: u64| {
            batch.checked_mul(self.batch_size as u64)?.checked_add(self.first_sample)?.checked_add(1)?.checked_mul(of)
        };
        if position(self.first_batch).is_none_or(|position| position > u64::MAX / 2) {
            return refuse("a first batch within 2^63 samples", self.first_batch);
        }
        Ok(())
    }
}
