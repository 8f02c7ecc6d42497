//! Ids of the decoder's vocabulary.

use std::collections::{BTreeSet, HashMap};

use tch::Tensor;
use vq_nn::{InputError, check_option};

use crate::batch::CaptionBatch;
use crate::caption::SpecialTokens;
use crate::error::CaptionError;

/// Maps the tokens of a language model that captions use to local ids from 0.
///
/// A language model has many more tokens than captions use, and each would cost a score at every step.
/// Local ids follow the order of the model's ids, so the same captions give the same ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenMap {
    /// Rising; element `i` is the model's id of local id `i`.
    model_ids: Vec<i64>,
    local_ids: HashMap<i64, i64>,
    special: SpecialTokens,
}

impl TokenMap {
    /// Keeps the model's ids `used` and those of the special tokens, which are given as the model's ids too.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an id is negative.
    pub fn new(used: impl IntoIterator<Item = i64>, special: SpecialTokens) -> Result<Self, CaptionError> {
        let named = [Some(special.begin), Some(special.end), Some(special.pad), special.unknown];
        let kept: BTreeSet<i64> = used.into_iter().chain(named.into_iter().flatten()).collect();
        let smallest = kept.first().copied().unwrap_or(0);
        check_option("TokenMap::new", "used", smallest >= 0, "to be ids of 0 or more", smallest)?;
        let model_ids: Vec<i64> = kept.into_iter().collect();
        let local_ids: HashMap<i64, i64> = model_ids.iter().copied().zip(0..).collect();
        let special = SpecialTokens {
            begin: local_ids[&special.begin],
            end: local_ids[&special.end],
            pad: local_ids[&special.pad],
            unknown: special.unknown.map(|id| local_ids[&id]),
        };
        Ok(Self { model_ids, local_ids, special })
    }

    /// `V`, the number of tokens; at least one.
    pub fn size(&self) -> usize {
        self.model_ids.len()
    }

    /// The model's ids of the tokens, rising.
    pub fn model_ids(&self) -> &[i64] {
        &self.model_ids
    }

    /// The special tokens, by local ids.
    pub fn special(&self) -> SpecialTokens {
        self.special
    }

    /// The local id of a model's id, else that of the unknown token, if there is one.
    pub fn local_id(&self, model_id: i64) -> Option<i64> {
        self.local_ids.get(&model_id).copied().or(self.special.unknown)
    }

    /// The model's id of a local id.
    pub fn model_id(&self, local_id: i64) -> Option<i64> {
        self.model_ids.get(usize::try_from(local_id).ok()?).copied()
    }

    /// The rows of the model's embeddings `[tokens, E]` that are kept, `[V, E]`, for
    /// [`CaptionDecoder::new`](crate::CaptionDecoder::new).
    ///
    /// # Errors
    /// [`CaptionError::Input`] if the table is not a matrix or lacks the row of a token that is kept.
    pub fn rows(&self, embeddings: &Tensor) -> Result<Tensor, CaptionError> {
        let needed = self.model_ids.last().map_or(0, |last| last + 1);
        if !matches!(embeddings.size()[..], [tokens, _] if tokens >= needed) {
            let (op, what, expected) = ("TokenMap::rows", "embeddings", format!("[{needed}.., E]"));
            return Err(InputError::Shape { op, what, expected, got: embeddings.size() }.into());
        }
        Ok(embeddings.index_select(0, &Tensor::from_slice(&self.model_ids).to_device(embeddings.device())))
    }

    /// A caption in the model's ids as local ids between the begin and end tokens; ids without a local one are dropped.
    ///
    /// A caption is truncated to `limit` tokens, including the begin and end tokens.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if `limit` is less than 2.
    pub fn caption(&self, model_ids: &[i64], limit: usize) -> Result<Vec<i64>, CaptionError> {
        check_option("TokenMap::caption", "limit", limit >= 2, "to be 2 or more", limit)?;
        let words = model_ids.iter().filter_map(|id| self.local_id(*id)).take(limit - 2);
        Ok([self.special.begin].into_iter().chain(words).chain([self.special.end]).collect())
    }

    /// Captions from [`TokenMap::caption`], padded to the longest; an empty one stands for an image without caption.
    pub fn batch(&self, captions: &[Vec<i64>]) -> CaptionBatch {
        let longest = captions.iter().map(Vec::len).max().unwrap_or(0).max(2);
        let padded = captions.iter().flat_map(|ids| {
            let padding = std::iter::repeat_n(self.special.pad, longest - ids.len());
            ids.iter().copied().chain(padding)
        });
        let lengths: Vec<i64> = captions.iter().map(|ids| ids.len() as i64).collect();
        CaptionBatch {
            ids: Tensor::from_slice(&padded.collect::<Vec<_>>()).view([captions.len() as i64, longest as i64]),
            lengths: Tensor::from_slice(&lengths),
        }
    }
}
