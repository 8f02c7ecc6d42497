//! Captions as supervision of codes (VQCT-VLT), from configuration to the terms of a step.

mod config;
mod head;
mod heard;
mod language;
mod terms;
#[cfg(test)]
mod tests;

pub use config::{CaptionsConfig, GradientPath, PathSchedule};
pub use head::CaptionHead;
pub(crate) use head::PARAMETERS;
pub(crate) use heard::CaptionSums;
pub use heard::{CaptionFigures, ToldImage};
pub use language::{LanguageConfig, LanguageExtent, LanguageSource, OtherModel};
pub(crate) use terms::CaptionTerms;
