use std::fmt;

use serde::{Deserialize, Serialize};

/// How the rows of a word's tokens become its vector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The mean of the rows, the default.
    #[default]
    Mean,
    /// The row of the first token.
    First,
    /// The row of the last token.
    Last,
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean over tokens",
            Self::First => "first token",
            Self::Last => "last token",
        })
    }
}

/// How a word is presented to a tokenizer that tells `sun` from ` sun`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WordPlace {
    /// As the word stands behind another, the default: with a space before it.
    ///
    /// To byte-level tokenizers (GPT-2, RoBERTa, Qwen, LLaMA 3) and Gemma's, only ` sun` is the common word; `sun` is
    /// the end of another, or the start of a text. Tokenizers that write that space themselves (LLaMA 2, T5) or split
    /// at it (BERT, CLIP) give the same tokens either way.
    #[default]
    InSentence,
    /// As the word is given.
    Alone,
}

impl fmt::Display for WordPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InSentence => "words as inside a sentence",
            Self::Alone => "words as given",
        })
    }
}

/// How the last states of a prompt's tokens become its vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SentencePooling {
    /// The mean over all tokens of the prompt, those that start and end it included (Sentence-BERT, section 3); for
    /// BERT-like encoders.
    Mean,
    /// The first token, `[CLS]` or `<s>`; for BERT-like encoders.
    Cls,
    /// The token that ends the prompt, times the matrix that CLIP projects texts with (CLIP, section 2.4).
    Projection,
}

impl fmt::Display for SentencePooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean over tokens",
            Self::Cls => "first token",
            Self::Projection => "projection of the last token",
        })
    }
}
