//! The folder of a training run: where its files lie, who trains in it, and what was logged.
//!
//! | type | file of the run folder |
//! |---|---|
//! | [`RunDir`] | the folder itself, and the paths in it |
//! | [`RunLock`] | `lock`: one process trains in a folder at a time |
//! | [`MetricsLog`] | `metrics.jsonl`: a [`Record`] per line |
//! | [`Session`], [`Sessions`] | `sessions.jsonl`: when, where and with what a run was trained |
//! | [`save_checkpoint`] | `checkpoints/`, `checkpoint.safetensors`, `best.safetensors` |
//! | [`GeneratedCaption`] | `captions/*.jsonl` |
//!
//! [`FIGURES`] is the one table of figures: title, unit, digits and direction of whatever is logged, reported or
//! compared.
//!
//! The crate does not depend on libtorch, so that reports and run lists can be made without it.
//!
//! ```
//! use vq_run::{Kept, MetricsLog, Record, RunDir};
//!
//! # fn main() -> Result<(), vq_run::RunError> {
//! # let parent = std::env::temp_dir().join(format!("vq-run-doc-{}", std::process::id()));
//! let run = RunDir::numbered(&parent, "example")?;
//! let mut log = MetricsLog::open(&run.metrics(), Kept::Bytes(0))?;
//! log.append(&Record::Generation { step: 1, nats_per_id: 2.5, perplexity: 12.2, slots: Vec::new() })?;
//! assert_eq!(MetricsLog::read(&run.metrics())?.len(), 1);
//! # std::fs::remove_dir_all(&parent).expect("the folder can be removed");
//! # Ok(())
//! # }
//! ```

mod checkpoint_files;
mod clock;
mod error;
mod event;
mod figures;
mod generated_caption;
mod metrics_log;
mod record;
mod run_dir;
mod run_lock;
mod session;

pub use checkpoint_files::{Rank, save_checkpoint, saved_steps};
pub use clock::{now, unix_seconds};
pub use error::RunError;
pub use event::{Event, UsageRemedy};
pub use figures::{Better, ChartScale, FIGURES, FigureInfo, figure_info, is_known_figure, rank_of_figure};
pub use generated_caption::GeneratedCaption;
pub use metrics_log::{Kept, MetricsLog};
pub use record::{CaptionFigures, GroupRecord, Record, SlotRecord};
pub use run_dir::{RunDir, checkpoint_path};
pub use run_lock::RunLock;
pub use session::{Ending, Environment, PastSession, RunState, Session, SessionEnd, Sessions};

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
