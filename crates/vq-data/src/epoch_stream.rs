//! The shuffled order of samples over all epochs.

use crate::DataError;
use crate::purpose::Purpose;

/// An endless stream of indices: every epoch is a new permutation of `0..len`.
///
/// The index at a position is a pure function of (len, seed, position).
#[derive(Debug, Clone)]
pub struct EpochStream {
    seed: u64,
    epoch: Option<u64>,
    permutation: Vec<usize>,
}

impl EpochStream {
    /// A stream over `0..len`.
    ///
    /// # Errors
    ///
    /// If `len` is 0.
    pub fn new(len: usize, seed: u64) -> Result<Self, DataError> {
        if len == 0 {
            return Err(DataError::unexpected("make a stream of indices", "at least one sample", "none"));
        }
        Ok(Self { seed, epoch: None, permutation: (0..len).collect() })
    }

    /// The index at `position`, which is in epoch `position / len`.
    ///
    /// A call for another epoch than the last one shuffles anew, in time linear in `len`.
    pub fn at(&mut self, position: u64) -> usize {
        let len = self.permutation.len() as u64;
        let epoch = position / len;
        if self.epoch != Some(epoch) {
            self.shuffle(epoch);
        }
        self.permutation[(position % len) as usize]
    }

    fn shuffle(&mut self, epoch: u64) {
        for (at, slot) in self.permutation.iter_mut().enumerate() {
            *slot = at;
        }
        Purpose::Epoch.stream(self.seed, epoch).shuffle(&mut self.permutation);
        self.epoch = Some(epoch);
    }
}
