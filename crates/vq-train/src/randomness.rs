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
