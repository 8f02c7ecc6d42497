use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::DataError;

/// What a random stream is for; streams of different purpose never coincide.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// The order of an epoch; counted by epochs.
    Epoch = 1,
    /// The seed of one sample's transform; counted by position in the stream of samples.
    Sample = 2,
    /// The decisions within one transform.
    Transform = 3,
    /// A scene to train on; counted by scenes.
    TrainScene = 4,
    /// A scene to validate on; counted by scenes.
    ValidationScene = 5,
    /// A scene with a pair of words that is held out; counted by scenes.
    HeldOutScene = 6,
    /// Which of a sample's captions counts; counted by epoch and index.
    Caption = 7,
}

/// A generator that depends on these three numbers and nothing else.
pub(crate) fn generator(seed: u64, purpose: Purpose, count: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&count.to_le_bytes());
    key[16] = purpose as u8;
    ChaCha8Rng::from_seed(key)
}

/// A uniform number below `bound`.
///
/// Written out, so that an update of a library never changes the order of a resumed run.
/// The bias is below `bound / 2^64`.
pub(crate) fn below(generator: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(generator.next_u64()) * bound as u128) >> 64) as usize
}

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
    /// Fast along an epoch; crossing into another one shuffles anew.
    pub fn at(&mut self, position: u64) -> usize {
        let len = self.permutation.len() as u64;
        let epoch = position / len;
        if self.epoch != Some(epoch) {
            self.shuffle(epoch);
        }
        self.permutation[(position % len) as usize]
    }

    /// Fisher and Yates, from the identity.
    fn shuffle(&mut self, epoch: u64) {
        let mut generator = generator(self.seed, Purpose::Epoch, epoch);
        for (at, slot) in self.permutation.iter_mut().enumerate() {
            *slot = at;
        }
        for last in (1..self.permutation.len()).rev() {
            let other = below(&mut generator, last + 1);
            self.permutation.swap(last, other);
        }
        self.epoch = Some(epoch);
    }
}
