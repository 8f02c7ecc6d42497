//! How a loader makes batches.

use serde::{Deserialize, Serialize};

use crate::DataError;

/// The order of samples, and where their stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SampleOrder {
    /// Endless: epoch after epoch, each a permutation made from (seed, epoch).
    ///
    /// Batches are cut from one stream, so a batch at the end of an epoch may also contain the first samples of the
    /// next one; no sample is dropped.
    Shuffled,
    /// Once, in the source's order; the last batch may be smaller.
    #[serde(alias = "one_pass")]
    OnePass,
}

/// The part of one of several loaders that share the stream of samples, as the replicas of data-parallel training do.
///
/// Loader `index` of `of` gets the samples at the positions `index`, `index + of`, `index + 2 of`, ... of the stream,
/// with the same random choices as a single loader. Together the loaders see each sample once per epoch, and their
/// batches `n` together hold the samples of batch `n` of one loader with `of` times the batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoaderPart {
    /// The number of this loader, from 0.
    pub index: u64,
    /// The number of loaders.
    pub of: u64,
}

impl Default for LoaderPart {
    fn default() -> Self {
        Self { index: 0, of: 1 }
    }
}

impl LoaderPart {
    /// The number of positions below `count` that belong to this part.
    pub(super) fn share(self, count: u64) -> u64 {
        count.saturating_sub(self.index).div_ceil(self.of)
    }
}

/// How a [`Loader`](crate::Loader) makes batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoaderConfig {
    /// The number of samples in a batch, N.
    pub batch_size: usize,
    /// Decides the order of samples and the random choices of their transforms.
    pub seed: u64,
    /// The order of samples.
    pub order: SampleOrder,
    /// The number of the first batch: 0, or where an earlier loader stopped.
    pub first_batch: u64,
    /// The number of samples of the part that are skipped before batch 0: 0, or the number that were read with another
    /// batch size.
    #[serde(default)]
    pub first_sample: u64,
    /// The part of this loader among several; by default it is the only one.
    #[serde(default)]
    pub part: LoaderPart,
    /// The number of prefetched batches, at least 1; rounded up to a multiple of `threads`.
    pub prefetch: usize,
    /// The number of threads that make batches, at least 1.
    pub threads: usize,
}

impl LoaderConfig {
    /// Endless shuffled batches; one thread prefetches 4.
    #[must_use]
    pub fn shuffled(batch_size: usize, seed: u64) -> Self {
        Self {
            batch_size,
            seed,
            order: SampleOrder::Shuffled,
            first_batch: 0,
            first_sample: 0,
            part: LoaderPart::default(),
            prefetch: 4,
            threads: 1,
        }
    }

    /// Every sample once, in order; one thread prefetches 4 batches.
    #[must_use]
    pub fn one_pass(batch_size: usize) -> Self {
        Self { order: SampleOrder::OnePass, ..Self::shuffled(batch_size, 0) }
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
        let LoaderPart { index, of } = self.part;
        if index >= of {
            let expected = "a part whose index is below the number of parts";
            return Err(DataError::unexpected("start a loader", expected, format!("index {index} of {of}")));
        }
        // Positions of later batches must not overflow.
        let position = |batch: u64| {
            batch.checked_mul(self.batch_size as u64)?.checked_add(self.first_sample)?.checked_add(1)?.checked_mul(of)
        };
        if position(self.first_batch).is_none_or(|position| position > u64::MAX / 2) {
            return refuse("a first batch within 2^63 samples", self.first_batch);
        }
        Ok(())
    }
}
