//! The time of day.

use std::time::SystemTime;

/// Seconds since 1970, UTC.
pub(crate) fn unix_seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Seconds since 1970, UTC, now.
pub(crate) fn now() -> f64 {
    unix_seconds(SystemTime::now())
}
