//! A stream of random numbers.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of random numbers that depends on its key and on nothing else.
#[derive(Debug, Clone)]
pub struct RandomStream(ChaCha8Rng);

impl RandomStream {
    /// The stream of a seed.
    ///
    /// It is not among the streams of [`keyed`](Self::keyed).
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The stream of a seed, a purpose and a counter.
    ///
    /// Each use of a seed takes a `purpose` of its own, for instance 1 for the order of an epoch, and counts its
    /// streams by `count`, for instance by epochs.
    pub fn keyed(seed: u64, purpose: u8, count: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&count.to_le_bytes());
        key[16] = purpose;
        Self(ChaCha8Rng::from_seed(key))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 32 random bits. The next draw of 64 bits begins right after them.
    pub fn bits32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Skips `count` draws of 64 bits.
    pub fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.bits();
        }
    }

    /// A uniform number below `bound`; 0 for a bound of 0. Takes 64 bits.
    ///
    /// The bias is below `bound / 2^64`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A uniform index of a list of `length` elements; 0 for an empty one. Takes 64 bits.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// A uniform number in `[0, 1)`: a multiple of `2^-53`. Takes 64 bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (-53_f64).exp2()
    }

    /// A number of the standard normal distribution (Box and Muller 1958). Takes twice 64 bits.
    pub fn normal(&mut self) -> f64 {
        // The midpoints of 2^53 intervals: never 0, whose logarithm is infinite.
        let mut open_unit = || ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        let (radius, angle) = (open_unit(), open_unit());
        (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
    }

    /// A random order of a list (Fisher and Yates, from the last element down).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.index(last + 1));
        }
    }

    /// `size` different numbers below `bound`, or all of them if `size` is larger.
    pub fn subset(&mut self, bound: u64, size: u64) -> Vec<i64> {
        // Fisher and Yates, no further than needed.
        let mut all: Vec<i64> = (0..bound as i64).collect();
        let size = size.min(bound);
        for at in 0..size {
            let other = at + self.below(bound - at);
            all.swap(at as usize, other as usize);
        }
        all.truncate(size as usize);
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_gives_its_stream_and_no_other() {
        let first = |seed, purpose, count| RandomStream::keyed(seed, purpose, count).bits();
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        for other in [first(0, 2, 3), first(1, 3, 3), first(1, 2, 4), RandomStream::new(1).bits()] {
            assert_ne!(first(1, 2, 3), other);
        }
    }

    #[test]
    fn streams_never_change() {
        // Published figures and resumed runs depend on these numbers.
        let mut keyed = RandomStream::keyed(7, 1, 2);
        let mut plain = RandomStream::new(7);
        assert_eq!([keyed.bits(), plain.bits()], [KEYED, PLAIN]);
    }

    const KEYED: u64 = 4_127_059_045_336_333_883;
    const PLAIN: u64 = 2_910_824_217_569_608_635;

    #[test]
    fn a_draw_of_32_bits_is_half_of_one_of_64() {
        let (mut halves, mut whole) = (RandomStream::new(7), RandomStream::new(7));
        let [low, high] = [halves.bits32(), halves.bits32()].map(u64::from);
        assert_eq!(low | high << 32, whole.bits());
        assert_eq!(halves.bits(), whole.bits());
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut stream = RandomStream::new(0);
        let numbers: Vec<f64> = (0..20_000).map(|_| stream.normal()).collect();
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / numbers.len() as f64;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "mean {mean}, variance {variance}");
    }

    proptest! {
        #[test]
        fn numbers_lie_in_their_range(seed: u64, bound in 1_u64.., length in 1_usize..100) {
            let mut stream = RandomStream::new(seed);
            prop_assert!(stream.below(bound) < bound);
            prop_assert!(stream.index(length) < length);
            prop_assert!((0.0..1.0).contains(&stream.unit()));
            prop_assert!(stream.normal().is_finite());
        }

        #[test]
        fn a_shuffled_list_is_a_permutation(seed: u64, length in 0_usize..100) {
            let mut list: Vec<usize> = (0..length).collect();
            RandomStream::new(seed).shuffle(&mut list);
            list.sort_unstable();
            prop_assert_eq!(list, (0..length).collect::<Vec<_>>());
        }

        #[test]
        fn a_subset_has_different_numbers(seed: u64, bound in 0_u64..100, size in 0_u64..120) {
            let mut numbers = RandomStream::new(seed).subset(bound, size);
            prop_assert_eq!(numbers.len() as u64, size.min(bound));
            numbers.sort_unstable();
            numbers.dedup();
            prop_assert_eq!(numbers.len() as u64, size.min(bound));
            prop_assert!(numbers.iter().all(|number| (0..bound as i64).contains(number)));
        }

        #[test]
        fn skipping_is_drawing(seed: u64, count in 0_usize..50) {
            let (mut skipped, mut drawn) = (RandomStream::new(seed), RandomStream::new(seed));
            skipped.skip(count);
            (0..count).for_each(|_| { drawn.bits(); });
            prop_assert_eq!(skipped.bits(), drawn.bits());
        }
    }
}
