//! The uses of a seed in this crate.

use vq_random::RandomStream;

/// The use of a random stream; streams of different purposes never coincide.
///
/// `vq-scenes` uses the numbers 4, 5 and 6.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// The order of an epoch; counted by epochs.
    Epoch = 1,
    /// The seed of one sample's transform; counted by position in the stream of samples.
    Sample = 2,
    /// The random choices within one transform.
    Transform = 3,
    /// The choice among a sample's captions; counted by epoch and index.
    Caption = 7,
}

impl Purpose {
    /// The stream of this purpose for a seed and a counter.
    pub(crate) fn stream(self, seed: u64, count: u64) -> RandomStream {
        RandomStream::keyed(seed, self as u8, count)
    }
}
