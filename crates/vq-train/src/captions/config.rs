use serde::{Deserialize, Serialize};
use vlt_caption::{
    CaptionConfig, GlobalAlignmentConfig, MaskedTextConfig, RelationAlignmentConfig, WordSupervisionConfig,
};
use vq_core::Distance;

use super::LanguageConfig;
use crate::{QuantizerConfig, TrainError};

/// Captions as supervision of codes.
///
/// The translation module is always there, since the alignment terms read its memory of the codes; with a weight of 0 it
/// is not asked for captions, neither in training nor after.
///
/// ```toml
/// [captions]
/// weight = 0.05
/// gradient = ["encoder", "codebook"]      # [] trains the module and leaves the tokenizer alone
/// schedule = { start = 0, ramp = 200 }
/// translator = { width = 128, layers = 2 }
/// words = { weight = 0.01 }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptionsConfig {
    /// The language model's side.
    pub language: LanguageConfig,
    /// Weight of the translation's cross-entropy; 0.05 by default.
    pub weight: f64,
    /// What the gradient of all terms reaches besides their own modules; both by default.
    pub gradient: Vec<GradientPath>,
    /// When it does so.
    pub schedule: PathSchedule,
    /// The translation module.
    pub translator: CaptionConfig,
    /// LG-VQ's global alignment; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global: Option<GlobalAlignmentConfig>,
    /// LG-VQ's masked text prediction; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<MaskedTextConfig>,
    /// LG-VQ's relation alignment; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<RelationAlignmentConfig>,
    /// Words of the caption that are codes shall be chosen somewhere, for quantizers whose codes are words; none by
    /// default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<WordSupervisionConfig>,
}

impl Default for CaptionsConfig {
    fn default() -> Self {
        Self {
            language: LanguageConfig::default(),
            weight: 0.05,
            gradient: vec![GradientPath::Encoder, GradientPath::Codebook],
            schedule: PathSchedule::default(),
            translator: CaptionConfig::default(),
            global: None,
            masked: None,
            relation: None,
            words: None,
        }
    }
}

/// A way for a gradient to go on from codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GradientPath {
    /// Straight through to the latents, and so to the image encoder.
    Encoder,
    /// To the codes that were chosen, and so to the codebook or the network that makes it.
    Codebook,
}

/// How much of the captions' gradient goes on to the tokenizer: nothing before `start`, then rising in a line to all of
/// it within `ramp` steps. The modules of the captions themselves learn from the first step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PathSchedule {
    /// The last step without.
    pub start: u64,
    /// Steps from nothing to all.
    pub ramp: u64,
}

impl PathSchedule {
    /// The share at a step, which counts from 1: in `0..=1`.
    pub fn share(&self, step: u64) -> f64 {
        let after = step.saturating_sub(self.start);
        match self.ramp {
            0 => f64::from(u8::from(after > 0)),
            ramp => (after as f64 / ramp as f64).min(1.0),
        }
    }
}

impl CaptionsConfig {
    /// Checks all options, for codes of a quantizer.
    ///
    /// # Errors
    /// [`TrainError::Option`] or [`TrainError::Caption`] naming the key.
    pub fn check(&self, quantizer: &QuantizerConfig) -> Result<(), TrainError> {
        let Self { weight, translator, global, masked, relation, words, .. } = self;
        if !(weight.is_finite() && *weight >= 0.0) {
            let (expected, got) = ("a finite number >= 0".into(), weight.to_string());
            return Err(TrainError::Option { key: "captions.weight", expected, got });
        }
        translator.check()?;
        global.iter().try_for_each(GlobalAlignmentConfig::check)?;
        masked.iter().try_for_each(MaskedTextConfig::check)?;
        relation.iter().try_for_each(RelationAlignmentConfig::check)?;
        words.iter().try_for_each(WordSupervisionConfig::check)?;
        let got = match quantizer {
            QuantizerConfig::Vqct { matching, .. } if matching.distance == Distance::L2 => return Ok(()),
            QuantizerConfig::Vqct { .. } => "another distance",
            _ => "codes that are no words",
        };
        match words {
            Some(_) => Err(TrainError::Option {
                key: "captions.words",
                expected: "a `vqct` quantizer with the distance `l2`".into(),
                got: got.into(),
            }),
            None => Ok(()),
        }
    }
}
