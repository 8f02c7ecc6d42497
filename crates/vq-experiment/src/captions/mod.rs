//! Captions as supervision of codes.

mod language;

use codebook_prior::{CaptionWords, PriorGraph};
use serde::{Deserialize, Serialize};
use tch::nn;
use vlt_caption::{
    CaptionConfig, CaptionLossTerm, GlobalAlignment, GlobalAlignmentConfig, Language, MaskedText, MaskedTextConfig,
    RelationAlignment, RelationAlignmentConfig, Translation, WordSupervision, WordSupervisionConfig,
};
use vq_core::{Distance, Layout, Slot};

use crate::error::check_value;
use crate::{ConfigError, QuantizerConfig};

pub use language::{LanguageConfig, LanguageSource, OtherModel, VocabularyChoice};

/// Captions as supervision of codes (VQCT-VLT).
///
/// The translation module always exists, because the alignment terms read its memory of the codes. With `weight = 0` no
/// captions or caption metrics are produced, neither in training nor afterwards.
///
/// To add a term: implement [`CaptionLossTerm`] in a file of `vlt-caption`, and add its key here, to
/// [`CaptionsConfig::check`] and to [`CaptionsConfig::loss_terms`].
///
/// ```toml
/// [captions]
/// weight = 0.05
/// gradient = ["encoder", "codebook"]      # [] trains the module and leaves the tokenizer unchanged
/// schedule = { start = 0, ramp = 200 }
/// translator = { width = 128, layers = 2 }
/// word_supervision = { weight = 0.01 }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptionsConfig {
    /// The language of the captions.
    pub language: LanguageConfig,
    /// Weight of the translation's cross-entropy; 0.05 by default.
    pub weight: f64,
    /// What the gradient of all terms reaches besides the modules of captions; both by default.
    pub gradient: Vec<GradientPath>,
    /// When it reaches them.
    pub schedule: PathSchedule,
    /// The translation module.
    pub translator: CaptionConfig,
    /// LG-VQ's global alignment; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_alignment: Option<GlobalAlignmentConfig>,
    /// LG-VQ's masked text prediction; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked_text: Option<MaskedTextConfig>,
    /// LG-VQ's relation alignment; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation_alignment: Option<RelationAlignmentConfig>,
    /// A term of our own: words of the caption that are codes shall be chosen at some position. For quantizers whose
    /// codes are words; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word_supervision: Option<WordSupervisionConfig>,
}

impl Default for CaptionsConfig {
    fn default() -> Self {
        Self {
            language: LanguageConfig::default(),
            weight: 0.05,
            gradient: vec![GradientPath::Encoder, GradientPath::Codebook],
            schedule: PathSchedule::default(),
            translator: CaptionConfig::default(),
            global_alignment: None,
            masked_text: None,
            relation_alignment: None,
            word_supervision: None,
        }
    }
}

/// A path of the gradient from codes into the tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GradientPath {
    /// Straight through to the latents, and so to the image encoder.
    Encoder,
    /// To the codes that were chosen, and so to the codebook or the network that makes it.
    Codebook,
}

/// The factor of the captions' gradient into the tokenizer: 0 up to `start`, then a linear ramp of `ramp` steps to 1.
/// The modules of captions are trained from the first step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PathSchedule {
    /// The last step with factor 0.
    pub start: u64,
    /// Steps from 0 to 1.
    pub ramp: u64,
}

impl PathSchedule {
    /// The factor at a step, which counts from 1: in `0..=1`.
    pub fn factor(&self, step: u64) -> f64 {
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
    /// [`ConfigError::Value`] or [`ConfigError::Caption`] naming the key.
    pub fn check(&self, quantizer: &QuantizerConfig) -> Result<(), ConfigError> {
        let Self { weight, translator, global_alignment, masked_text, relation_alignment, word_supervision, .. } = self;
        check_value("captions.weight", weight.is_finite() && *weight >= 0.0, "a finite number >= 0", weight)?;
        translator.check()?;
        global_alignment.iter().try_for_each(GlobalAlignmentConfig::check)?;
        masked_text.iter().try_for_each(MaskedTextConfig::check)?;
        relation_alignment.iter().try_for_each(RelationAlignmentConfig::check)?;
        word_supervision.iter().try_for_each(WordSupervisionConfig::check)?;
        let got = match quantizer {
            QuantizerConfig::Vqct { matching, .. } if matching.distance == Distance::L2 => return Ok(()),
            QuantizerConfig::Vqct { .. } => "another distance",
            _ => "codes that are not words",
        };
        let expected = "a `vqct` quantizer with the distance `l2`";
        check_value("captions.word_supervision", word_supervision.is_none(), expected, got)
    }

    /// Registers the modules of the loss terms under `path`, and lists the terms in the order in which they are summed.
    ///
    /// # Errors
    /// [`ConfigError`] of the term that cannot be built.
    pub fn loss_terms(
        &self,
        path: &nn::Path,
        layout: &Layout,
        language: &Language,
        prior: Option<&PriorGraph>,
    ) -> Result<Vec<Box<dyn CaptionLossTerm>>, ConfigError> {
        let (channels, width, rows) = (layout.channels, self.translator.width, language.embeddings());
        let global = |config| GlobalAlignment::new(&(path / "global"), width, language.width(), config);
        let masked = |config| MaskedText::new(&(path / "masked"), &self.translator, config, &rows);
        let relation = |config| RelationAlignment::new(&(path / "relation"), channels, language.width(), config);
        // Initial weights are drawn in this order: a change would change what a seed gives.
        let global = self.global_alignment.as_ref().map(global).transpose()?;
        let masked = self.masked_text.as_ref().map(masked).transpose()?;
        let relation = self.relation_alignment.as_ref().map(relation).transpose()?;
        let mut terms: Vec<Box<dyn CaptionLossTerm>> = Vec::new();
        if self.weight > 0.0 {
            terms.push(Box::new(Translation { weight: self.weight }));
        }
        terms.extend(masked.map(|term| Box::new(term) as Box<dyn CaptionLossTerm>));
        terms.extend(global.map(|term| Box::new(term) as Box<dyn CaptionLossTerm>));
        terms.extend(relation.map(|term| Box::new(term) as Box<dyn CaptionLossTerm>));
        if let (Some(config), Some(prior)) = (&self.word_supervision, prior) {
            let words = CaptionWords::new(prior)?;
            let find_codes = move |caption: &str| words.find(caption).into_iter().map(|node| node as i64).collect();
            let groups = layout.groups().into_iter().map(|slot: &Slot| slot.codes.clone()).collect();
            terms.push(Box::new(WordSupervision::new(config, groups, Box::new(find_codes))?));
        }
        Ok(terms)
    }
}
