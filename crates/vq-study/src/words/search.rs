//! Search for images by a text, from their codes alone.

use codebook_prior::CaptionWords;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use vlt_caption::GlobalAlignment;
use vq_core::Mode;
use vq_pipeline::{CaptionHead, PipelineError, TokenizerState};

use super::{CodeWord, CodeWords, Nearness};
use crate::StudyError;

/// How images are scored against a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchBy {
    /// By the words of the text that are codes: how near the image is to choosing each at some position. An image that
    /// chose all of them scores 0, others less.
    Words,
    /// By LG-VQ's global alignment: the cosine of the image's codes and the text, both as vectors of the language
    /// model.
    Alignment,
}

/// A text that images are scored against.
pub struct TextSearch<'a> {
    state: &'a TokenizerState,
    query: Query<'a>,
}

enum Query<'a> {
    Words(Vec<CodeWord>),
    Text {
        head: &'a CaptionHead,
        global: &'a GlobalAlignment,
        /// `[1, E]`, of length 1.
        vector: Tensor,
    },
}

impl<'a> TextSearch<'a> {
    /// Prepares the text.
    ///
    /// # Errors
    /// [`StudyError::Pipeline`] if the text has no word that is a code, or the tokenizer has no words or no alignment.
    pub fn new(state: &'a TokenizerState, text: &str, by: SearchBy) -> Result<Self, StudyError> {
        let query = match by {
            SearchBy::Words => {
                let words = CodeWords::of(state)?;
                let nodes = CaptionWords::new(words.prior())?.find(text);
                let codes: Vec<CodeWord> = nodes.iter().filter_map(|&node| words.code(node as i64)).collect();
                if codes.is_empty() {
                    let expected = "a text with a noun or adjective that is a code".to_owned();
                    return Err(PipelineError::Words { expected, got: format!("`{text}`") }.into());
                }
                Query::Words(codes)
            }
            SearchBy::Alignment => {
                let refuse = || {
                    let expected = "a tokenizer with `captions.global_alignment`".to_owned();
                    PipelineError::Words { expected, got: "one without".into() }
                };
                let head = state.captions.as_ref().and_then(|head| Some((head, head.global()?)));
                let (head, global) = head.ok_or_else(refuse)?;
                let ids = head.encode(&[Some(text.to_owned())])?;
                let batch = head.language().vocabulary().map().batch(&ids).to_device(state.store.device());
                let vector = head.translator.text_vectors(&batch);
                let length = vector.square().sum(Kind::Float).sqrt();
                if length.double_value(&[]) == 0.0 {
                    let expected = "a text with a token of the language".to_owned();
                    return Err(PipelineError::Words { expected, got: format!("`{text}`") }.into());
                }
                Query::Text { head, global, vector: vector / length }
            }
        };
        Ok(Self { state, query })
    }

    /// The words that images are scored by; empty if whole texts are compared.
    pub fn words(&self) -> &[CodeWord] {
        match &self.query {
            Query::Words(codes) => codes,
            Query::Text { .. } => &[],
        }
    }

    /// The scores of images `[B, 3, H, W]`; higher is better.
    ///
    /// # Errors
    /// [`StudyError`] if the images do not fit the tokenizer.
    pub fn score(&self, images: &Tensor) -> Result<Vec<f64>, StudyError> {
        let _no_gradients = tch::no_grad_guard();
        let encoded = self.state.tokenizer.quantize(images, Mode::Eval)?;
        match &self.query {
            Query::Words(codes) => {
                let live = encoded.quantized.live.as_ref().ok_or_else(|| PipelineError::Words {
                    expected: "codes that are rows of a codebook".into(),
                    got: "others".into(),
                })?;
                let groups = self.state.tokenizer.layout().groups().len() as i64;
                let channels = encoded.latents.chunk(groups, 1); // each [B, D, H, W]
                let score = |image: i64, code: &CodeWord| {
                    let latents = channels[code.group_index].get(image);
                    Nearness::new(&latents, &live.codebook, &code.codes).to(code.id).max().double_value(&[])
                };
                Ok((0..images.size()[0]).map(|image| codes.iter().map(|code| score(image, code)).sum()).collect())
            }
            Query::Text { head, global, vector } => {
                let memory = head.translator.encode(&encoded.quantized.codes, Mode::Eval)?;
                let cosines = global.image_vectors(&memory).matmul(&vector.tr()).squeeze_dim(1);
                Ok(Vec::<f64>::try_from(cosines.to_kind(Kind::Double).to_device(Device::Cpu))?)
            }
        }
    }
}
