use serde::{Deserialize, Serialize};

/// The tokens with a meaning of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialTokens {
    /// Begins every caption.
    pub begin: i64,
    /// Ends every caption; may be the same as `begin`.
    pub end: i64,
    /// Fills a batch; may be the same as `end`.
    pub pad: i64,
    /// Stands for what the vocabulary lacks.
    pub unknown: Option<i64>,
}

impl SpecialTokens {
    /// What a decoded caption never holds: tokens that are no words and do not end it.
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

/// Why a caption has no more tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptionEnd {
    /// The token that ends captions came.
    Complete,
    /// The limit came first.
    Cut,
}

/// A decoded caption.
#[derive(Debug, Clone, PartialEq)]
pub struct Caption {
    /// Its tokens, without those that begin and end it.
    pub ids: Vec<i64>,
    /// What the module thinks of it, given the image: the sum of its tokens' log-probabilities, that of its end
    /// counted if it has one.
    pub log_probability: f64,
    /// Why it has no more tokens.
    pub end: CaptionEnd,
}

impl Caption {
    /// The number of tokens whose probabilities count.
    pub(crate) fn steps(&self) -> usize {
        self.ids.len() + usize::from(self.end == CaptionEnd::Complete)
    }
}
