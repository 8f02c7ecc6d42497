//! Seeds for the parts of a computation.

/// The seed of one part of a computation, such as the forward pass of micro-batch `part` of a run with `seed`.
///
/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014) mixes both numbers, so nearby parts get unrelated seeds.
pub fn derive_seed(seed: u64, part: u64) -> u64 {
    let mut z = seed ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn parts_and_seeds_give_different_seeds() {
        let seeds: HashSet<u64> = (0..100).flat_map(|seed| (0..100).map(move |part| derive_seed(seed, part))).collect();
        assert_eq!(seeds.len(), 100 * 100);
    }

    #[test]
    fn published_runs_keep_their_seeds() {
        assert_eq!(derive_seed(0, 1), 0xE220_A839_7B1D_CDAF, "SplitMix64's first output for the state 0");
    }
}
