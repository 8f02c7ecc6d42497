//! The uses of a seed in this crate.

use vq_random::RandomStream;

/// The use of a random stream; streams of different purposes never coincide.
///
/// `vq-data` uses the numbers 1, 2, 3 and 7.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// A scene for training; counted by scenes.
    Train = 4,
    /// A scene for validation; counted by scenes.
    Validation = 5,
    /// A scene with a held-out pair of words; counted by scenes.
    HeldOut = 6,
}

impl Purpose {
    /// The stream of this purpose for a seed and a scene.
    pub(crate) fn stream(self, seed: u64, scene: u64) -> RandomStream {
        RandomStream::keyed(seed, self as u8, scene)
    }
}
