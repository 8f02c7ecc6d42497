//! Studies: several methods and seeds with the same data and steps, and one evaluation for all.

mod config;
mod page;
mod run;
mod table;

pub use config::{MethodConfig, StudyConfig};
pub use page::StudyPage;
pub use run::{Job, JobState, Study};
pub use table::{Spread, StudyRow, StudyRun, StudyTable};
