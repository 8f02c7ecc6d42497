//! libtorch's generator of random numbers, which a whole process shares.

use std::sync::{Mutex, MutexGuard, PoisonError};

static TURN: Mutex<()> = Mutex::new(());

/// The right to draw: as long as it lives, no other run of this process seeds the generator or draws from it, so that
/// runs side by side draw the same numbers as each would alone.
pub(crate) struct Turn {
    _guard: MutexGuard<'static, ()>,
}

impl Turn {
    /// Waits for its turn.
    pub(crate) fn take() -> Self {
        // The mutex guards no data that a panic could leave half changed.
        Self { _guard: TURN.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Waits for its turn, and seeds the generator.
    pub(crate) fn seeded(seed: u64) -> Self {
        let turn = Self::take();
        tch::manual_seed(seed as i64);
        turn
    }
}

/// A seed for one piece of a run, such as a forward pass (the finalizer of SplitMix64).
pub(crate) fn mix(seed: u64, piece: u64) -> u64 {
    let mut z = seed ^ piece.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
