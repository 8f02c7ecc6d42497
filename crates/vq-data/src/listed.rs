//! Sources whose samples have names before they are read, and what is chosen of them by name.

mod held_out;
mod limit;

pub use held_out::{HeldOut, Parts};
pub use limit::Limit;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::ImageSource;

/// A source that knows the names of its samples without reading them, and of which a part is a source again.
pub trait Listed: ImageSource {
    /// The id of the sample at `index`; none if `index` is not below the length.
    fn id(&self, index: usize) -> Option<String>;

    /// The samples at the indices that `takes` takes, in the same order.
    ///
    /// The others are unknown to it: none stands in for a damaged image of the part.
    fn part(&self, takes: &dyn Fn(usize) -> bool) -> Arc<dyn Listed>;
}

/// What the samples at the indices that `takes` takes have in a list of something for each sample.
pub(crate) fn taken<T: Clone>(all: &[T], takes: &dyn Fn(usize) -> bool) -> Vec<T> {
    all.iter().enumerate().filter(|(index, _)| takes(*index)).map(|(_, one)| one.clone()).collect()
}

/// The first eight bytes of the SHA-256 of seed (eight bytes, little-endian) and id, as a big-endian number: the place of
/// a sample in an order that depends on no other sample.
fn rank(seed: u64, id: &str) -> u64 {
    let digest = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(id).finalize();
    let mut head = [0; 8];
    head.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(head)
}

/// The ranks of all samples, in the source's order.
fn ranks(source: &dyn Listed, seed: u64) -> Vec<u64> {
    (0..source.len()).filter_map(|index| source.id(index)).map(|id| rank(seed, &id)).collect()
}
