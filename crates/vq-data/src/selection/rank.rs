//! An order of samples that depends on seed and id alone.

use crate::Listed;
use crate::hash::leading_bits;

/// The rank of each sample, in the source's order.
///
/// A rank is the first eight bytes of the SHA-256 of seed (eight bytes, little-endian) and id, as a big-endian number.
/// It depends on no other sample.
pub(super) fn ranks(source: &dyn Listed, seed: u64) -> Vec<u64> {
    let rank = |id: String| leading_bits(&[&seed.to_le_bytes(), id.as_bytes()]);
    (0..source.len()).filter_map(|index| source.id(index)).map(rank).collect()
}
