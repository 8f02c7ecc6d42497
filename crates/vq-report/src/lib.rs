//! Reports of training runs: one HTML page per run, pages that set runs side by side, and TensorBoard event files.
//!
//! Everything is made from the files of a run folder ([`vq_run::RunDir`]), so a page can be made again at any time,
//! also of a run that was killed or that another version wrote.
//! The crate does not depend on libtorch.
//!
//! | type | what it is |
//! |---|---|
//! | [`RunContents`] | all that the files of a run folder hold |
//! | [`RunReport`] | `report.html`: curves, grids, codes, events, configuration |
//! | [`RunDiff`] | several runs side by side |
//! | [`Reporter`] | writes report, event file and sessions while a run trains |
//! | [`EventFile`] | a TensorBoard event file |
//! | [`chart`], [`html`] | line charts and the frame of pages, for pages of other crates |
//!
//! ```no_run
//! use vq_report::RunReport;
//! use vq_run::RunDir;
//!
//! let page = RunReport::write(&RunDir::existing("runs/scenes-vqct-vlt-001".as_ref()))?;
//! println!("{}", page.display());
//! # Ok::<(), vq_report::ReportError>(())
//! ```

mod axis;
pub mod chart;
mod diff;
mod entry;
mod error;
mod grids;
mod groups;
pub mod html;
mod number;
mod page;
mod reporter;
mod run_contents;
mod run_log;
mod run_report;
mod tensorboard;

pub use diff::{KeyRow, RunDiff};
pub use entry::{Entry, Figure};
pub use error::ReportError;
pub use groups::GroupUse;
pub use number::{date_time, short_duration, short_number};
pub use reporter::Reporter;
pub use run_contents::{GridFile, RunContents};
pub use run_log::{Point, RunLog};
pub use run_report::RunReport;
pub use tensorboard::{EventFile, Moment};

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
