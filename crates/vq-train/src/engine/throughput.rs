//! The speed of training.

use std::time::{Duration, Instant};

/// Images and time since the last record.
pub(super) struct Throughput {
    begun: Instant,
    excluded: Duration,
    images: usize,
}

impl Throughput {
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), excluded: Duration::ZERO, images: 0 }
    }

    /// Counts images.
    pub(super) fn count(&mut self, images: usize) {
        self.images += images;
    }

    /// Excludes time that was not spent on training.
    pub(super) fn exclude(&mut self, time: Duration) {
        self.excluded += time;
    }

    /// Images per second since the last call; starts a new interval.
    pub(super) fn finish(&mut self) -> f64 {
        let interval = std::mem::replace(self, Self::begin());
        interval.images as f64 / (interval.begun.elapsed() - interval.excluded).as_secs_f64()
    }
}
