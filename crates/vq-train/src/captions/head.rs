use std::sync::Arc;

use codebook_prior::{CaptionWords, PriorGraph};
use tch::nn;
use vlt_caption::{CaptionDecoder, CaptionError, Captioner, GlobalAlignment, Language, MaskedText, RelationAlignment};
use vq_core::{Layout, Slot};

use super::CaptionsConfig;
use crate::TrainError;

/// The parameters of a [`CaptionHead`] lie under this name.
pub(crate) const PARAMETERS: &str = "captions";

/// What reads codes and speaks: the translation module, and the terms beside it.
///
/// Parameters: `captions.translator`, `captions.global`, `captions.masked`, `captions.relation`, as configured.
pub struct CaptionHead {
    /// The translation module.
    pub translator: CaptionDecoder,
    /// LG-VQ's global alignment.
    pub global: Option<GlobalAlignment>,
    pub(crate) masked: Option<MaskedText>,
    pub(crate) relation: Option<RelationAlignment>,
    /// The words of captions that are codes.
    pub(crate) words: Option<CaptionWords>,
    /// The groups of codes, of equally many channels each.
    pub(crate) groups: Vec<Slot>,
    pub(crate) config: CaptionsConfig,
    language: Arc<Language>,
}

impl std::fmt::Debug for CaptionHead {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CaptionHead").field("config", &self.config).finish_non_exhaustive()
    }
}

impl CaptionHead {
    /// Registers the modules under `root`, for codes of a layout.
    ///
    /// # Errors
    /// [`TrainError`] of whatever cannot be built as configured.
    pub(crate) fn new(
        root: &nn::Path,
        layout: &Layout,
        config: &CaptionsConfig,
        language: Arc<Language>,
        prior: Option<&PriorGraph>,
    ) -> Result<Self, TrainError> {
        let path = root / PARAMETERS;
        let rows = language.embeddings();
        let (channels, width) = (layout.channels, config.translator.width);
        let global = |global| GlobalAlignment::new(&(&path / "global"), width, language.width(), global);
        let masked = |masked| MaskedText::new(&(&path / "masked"), &config.translator, masked, &rows);
        let relation = |relation| RelationAlignment::new(&(&path / "relation"), channels, language.width(), relation);
        let words = config.words.as_ref().and(prior).map(CaptionWords::new).transpose()?;
        Ok(Self {
            translator: CaptionDecoder::new(&(&path / "translator"), channels, &config.translator, &rows)?,
            global: config.global.as_ref().map(global).transpose()?,
            masked: config.masked.as_ref().map(masked).transpose()?,
            relation: config.relation.as_ref().map(relation).transpose()?,
            words,
            groups: layout.groups().into_iter().cloned().collect(),
            config: config.clone(),
            language,
        })
    }

    /// The language of the captions.
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// Whether the translation module learns to say captions: with a weight of 0 it only holds the memory that the
    /// alignment terms read, and what it would say means nothing.
    pub fn translates(&self) -> bool {
        self.config.weight > 0.0
    }

    /// Whatever says captions, of at most `max_tokens`.
    ///
    /// # Errors
    /// [`TrainError::Option`] if the module [never learned to](Self::translates).
    pub fn captioner(&self) -> Result<Captioner<'_>, TrainError> {
        if !self.translates() {
            let (expected, got) = ("more than 0, so that captions are learned".into(), self.config.weight.to_string());
            return Err(TrainError::Option { key: "captions.weight", expected, got });
        }
        let special = self.language.vocabulary().map().special();
        Ok(Captioner::new(&self.translator, special, self.config.translator.max_tokens)?)
    }

    /// The tokens of each caption, begun and ended; none for an image without caption, or with one of white space.
    /// What is longer than the module reads is cut; what the language lacks is unknown.
    ///
    /// # Errors
    /// [`CaptionError::Tokenizer`] if the tokenizer refuses a caption.
    pub fn encode(&self, captions: &[Option<String>]) -> Result<Vec<Vec<i64>>, CaptionError> {
        let limit = self.config.translator.max_tokens as usize + 1;
        let encode = |caption: &Option<String>| match caption.as_deref().map(str::trim) {
            None | Some("") => Ok(Vec::new()),
            Some(caption) => self.language.vocabulary().encode(caption, limit),
        };
        captions.iter().map(encode).collect()
    }
}
