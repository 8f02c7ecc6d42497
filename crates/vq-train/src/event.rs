//! What happens in a run besides its figures.

use std::fmt::{Display, Formatter, Result};

use serde::{Deserialize, Serialize};

use crate::UsageRemedy;

/// Something that happened at a step, told once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// A step changed nothing, since its loss or gradient was not finite.
    StepSkipped {
        /// What was not finite.
        reason: String,
        /// Skipped steps in a row, this one included.
        in_a_row: u64,
    },
    /// The run went back to a checkpoint; the steps after it are taken anew, with other data.
    RolledBack {
        /// The checkpoint's step.
        to_step: u64,
        /// What is left of the learning rate, as a factor.
        rate_factor: f64,
    },
    /// A group of codes was used too little in the last window.
    LowUsage {
        /// The group's name.
        group: String,
        /// Share of the group's codes used at least once in the window.
        share: f64,
        /// What was done.
        remedy: UsageRemedy,
        /// Codes that were given a new place.
        revived: i64,
    },
    /// Report, event file or list of sessions could not be written, and are no longer; training goes on.
    ReportFailed {
        /// Why.
        reason: String,
    },
    /// Validation did not succeed, and its figures are missing; training goes on.
    ValidationFailed {
        /// Why.
        reason: String,
    },
}

/// In words, without the step.
impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::StepSkipped { reason, in_a_row } => write!(f, "skipped, since {reason} ({in_a_row} in a row)"),
            Self::RolledBack { to_step, rate_factor } => {
                write!(f, "back to step {to_step}, with {rate_factor} of the learning rate")
            }
            Self::LowUsage { group, share, remedy, revived } => {
                write!(f, "only {:.1} % of the codes of group {group} were used", share * 100.0)?;
                match remedy {
                    UsageRemedy::Warn | UsageRemedy::Stop => Ok(()),
                    UsageRemedy::Revive => write!(f, "; {revived} were given a new place"),
                }
            }
            Self::ReportFailed { reason } => write!(f, "no report is written any more: {reason}"),
            Self::ValidationFailed { reason } => write!(f, "validation failed: {reason}"),
        }
    }
}
