//! Random numbers of one image.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Numbers in `0..1` of 53 random bits, from a generator of its own that a seed starts: the same on every machine.
#[derive(Debug, Clone)]
pub struct Uniform {
    generator: ChaCha8Rng,
}

impl Uniform {
    /// The numbers that follow from a seed.
    pub fn new(seed: u64) -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Leaves `count` numbers out.
    pub fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.generator.next_u64();
        }
    }

    /// The next number.
    pub fn draw(&mut self) -> f64 {
        (self.generator.next_u64() >> 11) as f64 * (-53_f64).exp2()
    }
}
