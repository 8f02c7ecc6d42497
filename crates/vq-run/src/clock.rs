//! Wall-clock time.

use std::time::SystemTime;

/// A time in seconds since 1970, UTC.
pub fn unix_seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// The current time, in seconds since 1970, UTC.
pub fn now() -> f64 {
    unix_seconds(SystemTime::now())
}
