//! Usage statistics: how many codes are in use, and how evenly.

mod counter;
mod counts;
mod histogram;
mod stats;
mod window;

pub use self::counter::UsageCounter;
pub use self::histogram::Histogram;
pub use self::stats::Usage;
pub use self::window::UsageWindow;
