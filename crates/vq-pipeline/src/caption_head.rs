//! What reads codes and generates captions.

use std::sync::Arc;

use codebook_prior::{CaptionWords, PriorGraph};
use tch::{Kind, Tensor, nn};
use vlt_caption::{
    CaptionBatch, CaptionDecoder, CaptionError, Captioner, GlobalAlignment, Language, MaskedText, RelationAlignment,
};
use vq_core::{Layout, Mode, Slot};
use vq_experiment::{CaptionsConfig, ConfigError};

use crate::PipelineError;

/// The prefix of the parameters of a [`CaptionHead`].
pub const CAPTION_PARAMETERS: &str = "captions";

/// The modules that read codes and captions: the translation module (caption decoder), and LG-VQ's terms beside it.
///
/// Parameters: `captions.translator`, `captions.global`, `captions.masked`, `captions.relation`, as configured.
pub struct CaptionHead {
    /// The translation module.
    pub translator: CaptionDecoder,
    /// LG-VQ's global alignment.
    pub global: Option<GlobalAlignment>,
    /// LG-VQ's masked text prediction.
    pub masked: Option<MaskedText>,
    /// LG-VQ's relation alignment.
    pub relation: Option<RelationAlignment>,
    /// Finds the words of captions that are codes, for word supervision.
    pub words: Option<CaptionWords>,
    /// The groups of codes; each has an equal number of channels.
    pub groups: Vec<Slot>,
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
        let (channels, width) = (layout.channels, config.translator.width);
        let global = |global| GlobalAlignment::new(&(&path / "global"), width, language.width(), global);
        let masked = |masked| MaskedText::new(&(&path / "masked"), &config.translator, masked, &rows);
        let relation = |relation| RelationAlignment::new(&(&path / "relation"), channels, language.width(), relation);
        let words = config.word_supervision.as_ref().and(prior).map(CaptionWords::new).transpose()?;
        Ok(Self {
            translator: CaptionDecoder::new(&(&path / "translator"), channels, &config.translator, &rows)?,
            global: config.global_alignment.as_ref().map(global).transpose()?,
            masked: config.masked_text.as_ref().map(masked).transpose()?,
            relation: config.relation_alignment.as_ref().map(relation).transpose()?,
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

    /// The mean vector of each caption's tokens, `[B, E]`; zero for an image without caption.
    pub fn text_vectors(&self, batch: &CaptionBatch) -> Tensor {
        let counts = (&batch.lengths - 2).clamp_min(1).unsqueeze(1);
        let words = self.word_vectors(batch);
        words.sum_dim_intlist(1, false, Kind::Float) / counts
    }

    /// The vectors of each caption's tokens, `[B, T, E]`, without the begin token, and zero after the last.
    pub fn word_vectors(&self, batch: &CaptionBatch) -> Tensor {
        let longest = batch.ids.size()[1];
        let ids = batch.ids.narrow(1, 1, longest - 1);
        let positions = Tensor::arange(longest - 1, (Kind::Int64, ids.device())).unsqueeze(0);
        let real = positions.lt_tensor(&(&batch.lengths - 2).unsqueeze(1)).unsqueeze(2); // [B, T, 1]
        self.translator.word_vectors(&ids).where_scalarother(&real, 0.0)
    }
}
