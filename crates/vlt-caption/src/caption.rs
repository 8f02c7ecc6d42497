//! Decoded captions.

use serde::{Deserialize, Serialize};

/// The special tokens of a vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialTokens {
    /// Begins every caption.
    pub begin: i64,
    /// Ends every caption; may equal `begin`.
    pub end: i64,
    /// Pads a batch; may equal `end`.
    pub pad: i64,
    /// Replaces what the vocabulary lacks.
    pub unknown: Option<i64>,
}

impl SpecialTokens {
    /// The tokens that a decoded caption never contains: all special tokens but the end.
    pub(crate) fn forbidden(&self) -> Vec<i64> {
        let mut tokens: Vec<i64> = [Some(self.begin), Some(self.pad), self.unknown]
            .into_iter()
            .flatten()
            .filter(|token| *token != self.end)
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }
}

/// Why a caption ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptionEnd {
    /// The end token was generated.
    Complete,
    /// The token limit was reached.
    Truncated,
}

/// A decoded caption.
#[derive(Debug, Clone, PartialEq)]
pub struct Caption {
    /// Its tokens, without the begin and end tokens.
    pub ids: Vec<i64>,
    /// Log-probability of the caption given the image: the sum over its tokens, including the end token if it was
    /// generated.
    pub log_probability: f64,
    /// Why it ended.
    pub end: CaptionEnd,
}

impl Caption {
    /// The number of tokens in [`Caption::log_probability`].
    pub(crate) fn steps(&self) -> usize {
        self.ids.len() + usize::from(self.end == CaptionEnd::Complete)
    }
}
