//! libtorch's random number generator, which a whole process shares.

use std::sync::{Mutex, MutexGuard, PoisonError};

static GENERATOR: Mutex<()> = Mutex::new(());

/// Exclusive use of libtorch's generator: while it exists, no other run of this process seeds the generator or draws from
/// it, so that runs in parallel draw the same numbers as each would alone.
pub struct RngGuard {
    _guard: MutexGuard<'static, ()>,
}

impl RngGuard {
    /// Waits for the generator.
    pub fn acquire() -> Self {
        // The mutex guards no data that a panic could leave half changed.
        Self { _guard: GENERATOR.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Waits for the generator, and seeds it.
    pub fn seeded(seed: u64) -> Self {
        let guard = Self::acquire();
        tch::manual_seed(seed as i64);
        guard
    }
}
