//! Methods against each other: the same data and steps, several seeds, one evaluation for all.

mod config;
mod job;
mod page;
mod table;

pub use config::{MethodConfig, StudyConfig};
pub use job::{Job, JobState, Study};
pub use page::StudyPage;
pub use table::{Spread, StudyRow, StudyRun, StudyTable};
