//! Methods against each other: the same data and steps, several seeds, one evaluation for all.

mod config;
mod job;
mod table;

pub use config::{MethodConfig, StudyConfig};
pub use job::{Job, JobState, Study};
pub use table::{Spread, StudyTable};
