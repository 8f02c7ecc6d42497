//! What reads codes and generates captions.

use std::sync::Arc;

use codebook_prior::PriorGraph;
use tch::{Tensor, nn};
use vlt_caption::{CaptionDecoder, CaptionError, CaptionLossTerm, Captioner, GlobalAlignment, Language};
use vq_core::{Layout, Mode};
use vq_experiment::{CaptionsConfig, ConfigError};

use crate::PipelineError;

/// The prefix of the parameters of a [`CaptionHead`].
pub const CAPTION_PARAMETERS: &str = "captions";

/// The modules that read codes and captions: the translation module (caption decoder), and the loss terms of captions.
///
/// Parameters: `captions.translator`, `captions.global`, `captions.masked`, `captions.relation`, as configured.
pub struct CaptionHead {
    /// The translation module.
    pub translator: CaptionDecoder,
    /// The loss terms, in the order in which they are summed.
    pub terms: Vec<Box<dyn CaptionLossTerm>>,
    /// The options.
    pub config: CaptionsConfig,
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
    /// [`PipelineError`] of the module that cannot be built as configured.
    pub fn new(
        root: &nn::Path,
        layout: &Layout,
        config: &CaptionsConfig,
        language: Arc<Language>,
        prior: Option<&PriorGraph>,
    ) -> Result<Self, PipelineError> {
        let path = root / CAPTION_PARAMETERS;
        let rows = language.embeddings();
        let translator = CaptionDecoder::new(&(&path / "translator"), layout.channels, &config.translator, &rows)?;
        let terms = config.loss_terms(&path, layout, &language, prior)?;
        Ok(Self { translator, terms, config: config.clone(), language })
    }

    /// LG-VQ's global alignment, which scores images and texts in one space.
    pub fn global(&self) -> Option<&GlobalAlignment> {
        self.terms.iter().find_map(|term| term.downcast_ref())
    }

    /// The language of the captions.
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// Whether the translation module is trained to generate captions. With `weight = 0` it is not: it only holds the memory
    /// that the alignment terms read.
    pub fn translates(&self) -> bool {
        self.config.weight > 0.0
    }

    /// The decoder of captions of at most `max_tokens` tokens.
    ///
    /// # Errors
    /// [`PipelineError::Config`] if the module is [not trained for it](Self::translates).
    pub fn captioner(&self) -> Result<Captioner<'_>, PipelineError> {
        if !self.translates() {
            let expected = "more than 0, so that captions are trained";
            return Err(ConfigError::value("captions.weight", expected, self.config.weight).into());
        }
        let special = self.language.vocabulary().map().special();
        Ok(Captioner::new(&self.translator, special, self.config.translator.max_tokens)?)
    }

    /// The tokens of each caption with begin and end; none for an image without caption or with a blank one.
    /// Longer captions than the module reads are cut; tokens that the language lacks are unknown.
    ///
    /// # Errors
    /// [`CaptionError::Tokenizer`] if the tokenizer rejects a caption.
    pub fn encode(&self, captions: &[Option<String>]) -> Result<Vec<Vec<i64>>, CaptionError> {
        let limit = self.config.translator.max_tokens as usize + 1;
        let encode = |caption: &Option<String>| match caption.as_deref().map(str::trim) {
            None | Some("") => Ok(Vec::new()),
            Some(caption) => self.language.vocabulary().encode(caption, limit),
        };
        captions.iter().map(encode).collect()
    }

    /// The caption generated greedily for each of the codes `[B, C, H, W]`.
    ///
    /// # Errors
    /// [`PipelineError::Config`] if the module is [not trained for it](Self::translates); [`PipelineError::Caption`] if the
    /// codes do not fit, or scores are not finite.
    pub fn generate(&self, codes: &Tensor) -> Result<Vec<String>, PipelineError> {
        let _no_gradients = tch::no_grad_guard();
        let memory = self.translator.encode(codes, Mode::Eval)?;
        let captions = self.captioner()?.greedy(&memory)?;
        let vocabulary = self.language().vocabulary();
        captions.iter().map(|caption| Ok(vocabulary.decode(&caption.ids)?)).collect()
    }
}
