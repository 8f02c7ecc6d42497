//! An evaluation as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vq_run::GroupRecord;

use super::conditions::EvaluationConditions;
use super::distances::DistanceFigures;
use super::grounding::GroundingFigures;
use super::language::LanguageFigures;
use crate::StudyError;

pub(super) const FORMAT: &str = "vqct-evaluation";
pub(super) const VERSION: u32 = 3;

/// Figures of a tokenizer on a validation set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// `vqct-evaluation`.
    pub format: String,
    /// The version of this format.
    pub version: u32,
    /// What decides the figures.
    pub conditions: EvaluationConditions,
    /// Means over images by the metric's name: `psnr` (dB), `ssim`, `ms_ssim`.
    pub images: BTreeMap<String, f64>,
    /// Usage of each group of codes.
    pub codebook: Vec<GroupRecord>,
    /// Distances of reconstructions and originals as sets, and by networks, if they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distances: Option<DistanceFigures>,
    /// Figures of the words of codes, if codes are words and images are scenes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<GroundingFigures>,
    /// Figures of captions, if a module is trained for them and the images have captions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageFigures>,
}

impl Evaluation {
    /// Share of all codes that are used at least once.
    pub fn usage(&self) -> f64 {
        GroupRecord::total_usage(&self.codebook)
    }

    /// The mean of an image metric, such as `psnr`; NaN if it is not measured.
    pub fn image_metric(&self, name: &str) -> f64 {
        self.images.get(name).copied().unwrap_or(f64::NAN)
    }

    /// Reads an evaluation from its JSON; `name` is that of the file.
    ///
    /// # Errors
    /// [`StudyError::Evaluation`] if it is of another format or version, or cannot be parsed.
    pub fn from_json(name: &str, json: &str) -> Result<Self, StudyError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let refuse = |expected: String, got: String| StudyError::Evaluation { name: name.to_owned(), expected, got };
        let expected = || format!("{FORMAT} version {VERSION}");
        let head: Head = serde_json::from_str(json).map_err(|error| refuse(expected(), error.to_string()))?;
        if (head.format.as_str(), head.version) != (FORMAT, VERSION) {
            return Err(refuse(expected(), format!("{} version {}", head.format, head.version)));
        }
        serde_json::from_str(json).map_err(|error| refuse(expected(), error.to_string()))
    }
}
