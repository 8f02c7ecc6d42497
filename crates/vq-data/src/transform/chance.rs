use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

use super::Jitter;
use super::jitter::Factors;
use crate::order::{Purpose, generator};

/// Everything left to chance, drawn in full whatever the configuration asks for, so that
/// changing one choice leaves the others as they were.
pub(super) struct Chance {
    /// These three are uniform in `0.0..1.0`.
    pub(super) scale: f64,
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) color: [u8; 3],
    pub(super) mirrored: bool,
    pub(super) jitter: Factors,
}

impl Chance {
    pub(super) fn draw(seed: u64, jitter: &Jitter) -> Self {
        let mut generator = generator(seed, Purpose::Transform, 0);
        let scale = unit(&mut generator);
        let left = unit(&mut generator);
        let top = unit(&mut generator);
        let [red, green, blue, coin] = generator.next_u32().to_le_bytes();
        let jitter = jitter.draw(&mut generator);
        Self { scale, left, top, color: [red, green, blue], mirrored: coin & 1 == 1, jitter }
    }
}

pub(super) fn unit(generator: &mut ChaCha8Rng) -> f64 {
    (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
