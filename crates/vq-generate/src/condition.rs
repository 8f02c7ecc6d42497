//! Conditions: what an image should show.

use tch::Tensor;

use crate::grid::TokenGrid;

/// The kind of condition that a generator takes.
#[derive(Debug, Clone, Copy)]
pub enum Conditioning<'a> {
    /// None.
    None,
    /// A class label.
    Class {
        /// The number of classes.
        classes: i64,
    },
    /// Text in the tokens of a language model, whose embeddings stay frozen.
    Text {
        /// `[V, E]`.
        embeddings: &'a Tensor,
        /// The largest number of tokens of a text.
        max_tokens: i64,
    },
    /// Tokens of another grid, such as those of a segmentation.
    Tokens(&'a TokenGrid),
}

/// The conditions of a batch of images.
#[derive(Debug)]
pub enum Condition {
    /// No condition.
    None,
    /// `[B]`, `Int64`: class labels.
    Class(Tensor),
    /// Texts.
    Text {
        /// `[B, T]`, `Int64`, with `T` of at most `max_tokens`: tokens, then padding of any value in `0..V`.
        ids: Tensor,
        /// `[B]`, `Int64`, in `0..=T`: the tokens of each text without padding.
        lengths: Tensor,
    },
    /// `[B, H, W, S]`, `Int64`: ids of another grid.
    Tokens(Tensor),
}

impl Condition {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Class(_) => "class",
            Self::Text { .. } => "text",
            Self::Tokens(_) => "tokens",
        }
    }
}
