use std::collections::{BTreeSet, HashMap};

use tch::Tensor;

use vq_transformer::InputError;

use crate::config::check_option;
use crate::{CaptionBatch, CaptionError, SpecialTokens};

/// The tokens of a language model that captions use, counted anew from 0.
///
/// A language model knows many more tokens than captions hold, and each costs a score at each step.
/// Own ids follow the order of the model's, so the same captions give the same ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenMap {
    /// Rising; place `i` holds the model's id of the own id `i`.
    model_ids: Vec<i64>,
    own_ids: HashMap<i64, i64>,
    special: SpecialTokens,
}

impl TokenMap {
    /// Keeps the model's ids `used` and the special ones, which are given as the model's too.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an id is negative.
    pub fn new(used: impl IntoIterator<Item = i64>, special: SpecialTokens) -> Result<Self, CaptionError> {
        let named = [Some(special.begin), Some(special.end), Some(special.pad), special.unknown];
        let kept: BTreeSet<i64> = used.into_iter().chain(named.into_iter().flatten()).collect();
        let least = kept.first().copied().unwrap_or(0);
        check_option("TokenMap::new", "used", least >= 0, "to hold ids of 0 or more", least)?;
        let model_ids: Vec<i64> = kept.into_iter().collect();
        let own_ids: HashMap<i64, i64> = model_ids.iter().copied().zip(0..).collect();
        let special = SpecialTokens {
            begin: own_ids[&special.begin],
            end: own_ids[&special.end],
            pad: own_ids[&special.pad],
            unknown: special.unknown.map(|id| own_ids[&id]),
        };
        Ok(Self { model_ids, own_ids, special })
    }

    /// `V`, the tokens that are kept; never none.
    pub fn size(&self) -> usize {
        self.model_ids.len()
    }

    /// The model's ids of the tokens that are kept, rising.
    pub fn model_ids(&self) -> &[i64] {
        &self.model_ids
    }

    /// The special tokens, by own ids.
    pub fn special(&self) -> SpecialTokens {
        self.special
    }

    /// The own id of one of the model's, else that of the unknown token, if there is one.
    pub fn own(&self, model_id: i64) -> Option<i64> {
        self.own_ids.get(&model_id).copied().or(self.special.unknown)
    }

    /// The model's id of an own one.
    pub fn model(&self, own_id: i64) -> Option<i64> {
        self.model_ids.get(usize::try_from(own_id).ok()?).copied()
    }

    /// The rows of the model's embeddings `[tokens, E]` that are kept, `[V, E]`, for
    /// [`CaptionDecoder::new`](crate::CaptionDecoder::new).
    ///
    /// # Errors
    /// [`CaptionError::Input`] if the table is no matrix or has no row for a token that is kept.
    pub fn rows(&self, embeddings: &Tensor) -> Result<Tensor, CaptionError> {
        let needed = self.model_ids.last().map_or(0, |last| last + 1);
        if !matches!(embeddings.size()[..], [tokens, _] if tokens >= needed) {
            let (op, what, expected) = ("TokenMap::rows", "embeddings", format!("[{needed}.., E]"));
            return Err(InputError::Shape { op, what, expected, got: embeddings.size() }.into());
        }
        Ok(embeddings.index_select(0, &Tensor::from_slice(&self.model_ids).to_device(embeddings.device())))
    }

    /// A caption in the model's tokens as own ids, begun and ended; what has no id is left out.
    ///
    /// Of a caption that is longer than `limit` tokens, those that begin and end it counted, the last are left out.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if `limit` is less than 2.
    pub fn caption(&self, model_ids: &[i64], limit: usize) -> Result<Vec<i64>, CaptionError> {
        check_option("TokenMap::caption", "limit", limit >= 2, "to be 2 or more", limit)?;
        let words = model_ids.iter().filter_map(|id| self.own(*id)).take(limit - 2);
        Ok([self.special.begin].into_iter().chain(words).chain([self.special.end]).collect())
    }

    /// Captions that [`TokenMap::caption`] made, padded to the longest; an empty one is an image without caption.
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
