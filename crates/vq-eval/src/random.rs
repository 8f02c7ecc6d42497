//! Draws that depend on a seed and on nothing that happened before.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What a random stream is for; streams of different purpose never coincide.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// The rows of a subset; counted by subsets.
    Subset = 1,
    /// Where an image's patches lie; counted by images.
    Patches = 2,
    /// The directions of a level; counted by levels.
    Directions = 3,
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
/// Written out, so that an update of a library never changes a published figure.
/// The bias is below `bound / 2^64`.
pub(crate) fn below(generator: &mut ChaCha8Rng, bound: u64) -> u64 {
    ((u128::from(generator.next_u64()) * u128::from(bound)) >> 64) as u64
}

/// `size` different numbers below `bound`, which is no smaller.
pub(crate) fn subset(generator: &mut ChaCha8Rng, bound: u64, size: u64) -> Vec<i64> {
    // Fisher and Yates, no further than needed.
    let mut all: Vec<i64> = (0..bound as i64).collect();
    for at in 0..size.min(bound) {
        let other = at + below(generator, bound - at);
        all.swap(at as usize, other as usize);
    }
    all.truncate(size as usize);
    all
}

/// A number of a normal distribution with mean 0 and variance 1 (Box and Muller 1958).
pub(crate) fn normal(generator: &mut ChaCha8Rng) -> f64 {
    // In the middles of 2^53 steps: never 0, whose logarithm is infinite.
    let mut uniform = || ((generator.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let (radius, angle) = (uniform(), uniform());
    (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
}
