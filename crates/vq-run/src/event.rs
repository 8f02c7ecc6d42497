//! Events of a run.

use std::fmt::{Display, Formatter, Result};

use serde::{Deserialize, Serialize};

/// An event of a run, logged once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// A step was skipped and changed nothing, because its loss or gradient was not finite.
    StepSkipped {
        /// What was not finite.
        reason: String,
        /// Consecutive skipped steps, this one included.
        in_a_row: u64,
    },
    /// The run returned to a checkpoint; the steps after it are taken again with other data.
    RolledBack {
        /// The checkpoint's step.
        to_step: u64,
        /// The factor that now multiplies the learning rate.
        rate_factor: f64,
    },
    /// Too few codes of a group were used in the last window.
    LowUsage {
        /// The group's name.
        group: String,
        /// Share of the group's codes used at least once in the window.
        share: f64,
        /// What was done.
        remedy: UsageRemedy,
        /// Codes that were moved to latents.
        revived: i64,
    },
    /// The report, the event file or the list of sessions could not be written and is given up; training continues.
    ReportFailed {
        /// Why.
        reason: String,
    },
    /// A validation failed and its figures are missing; training continues.
    ValidationFailed {
        /// Why.
        reason: String,
    },
}

/// What is done about codes that are not used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsageRemedy {
    /// An event is logged.
    #[default]
    Warn,
    /// The run ends with an error.
    Stop,
    /// Each code that the window did not use is moved to a random latent of the step, and its optimizer state is reset.
    /// Only for codes that are learned one by one.
    Revive,
}

/// The event in words, without the step.
impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::StepSkipped { reason, in_a_row } => write!(f, "step skipped: {reason} ({in_a_row} in a row)"),
            Self::RolledBack { to_step, rate_factor } => {
                write!(f, "rolled back to step {to_step}; the learning rate is multiplied by {rate_factor}")
            }
            Self::LowUsage { group, share, remedy, revived } => {
                write!(f, "only {:.1} % of the codes of group {group} were used", share * 100.0)?;
                match remedy {
                    UsageRemedy::Warn | UsageRemedy::Stop => Ok(()),
                    UsageRemedy::Revive => write!(f, "; {revived} were moved to latents"),
                }
            }
            Self::ReportFailed { reason } => write!(f, "the report is no longer written: {reason}"),
            Self::ValidationFailed { reason } => write!(f, "validation failed: {reason}"),
        }
    }
}
