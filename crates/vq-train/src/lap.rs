//! The speed of training.

use std::time::{Duration, Instant};

/// Images and time since the last record.
pub(crate) struct Lap {
    begun: Instant,
    excluded: Duration,
    images: usize,
}

impl Lap {
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now(), excluded: Duration::ZERO, images: 0 }
    }

    /// Images that were trained on.
    pub(crate) fn count(&mut self, images: usize) {
        self.images += images;
    }

    /// Time that is not training's.
    pub(crate) fn exclude(&mut self, time: Duration) {
        self.excluded += time;
    }

    /// Images per second, and a new lap.
    pub(crate) fn finish(&mut self) -> f64 {
        let lap = std::mem::replace(self, Self::begin());
        lap.images as f64 / (lap.begun.elapsed() - lap.excluded).as_secs_f64()
    }
}
