//! The random choices of one transform.

use super::jitter::{Jitter, JitterFactors};
use crate::purpose::Purpose;

/// All random choices for one image.
///
/// They are always drawn in full, so a change of one option leaves the other choices as they were.
pub(super) struct RandomChoices {
    /// `scale`, `left` and `top` are uniform in `0.0..1.0`.
    pub(super) scale: f64,
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) color: [u8; 3],
    pub(super) mirrored: bool,
    pub(super) jitter: JitterFactors,
}

impl RandomChoices {
    pub(super) fn draw(seed: u64, jitter: &Jitter) -> Self {
        let mut stream = Purpose::Transform.stream(seed, 0);
        let scale = stream.unit();
        let left = stream.unit();
        let top = stream.unit();
        let [red, green, blue, coin] = stream.bits32().to_le_bytes();
        let jitter = jitter.draw(&mut stream);
        Self { scale, left, top, color: [red, green, blue], mirrored: coin & 1 == 1, jitter }
    }
}
