//! How vectors of several tokens become one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the embedding rows of a word's subwords become its vector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubwordPooling {
    /// The mean of the rows, the default.
    #[default]
    Mean,
    /// The row of the first token.
    First,
    /// The row of the last token.
    Last,
}

impl fmt::Display for SubwordPooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean over tokens",
            Self::First => "first token",
            Self::Last => "last token",
        })
    }
}

/// How a word is passed to a tokenizer that distinguishes `sun` and ` sun`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WordContext {
    /// With a space before it, as after another word; the default.
    ///
    /// In byte-level tokenizers (GPT-2, RoBERTa, Qwen, LLaMA 3) and Gemma's, only ` sun` is the common word; `sun` is
    /// the end of a longer word or the start of a text. Tokenizers that add the space themselves (LLaMA 2, T5) or split
    /// at it (BERT, CLIP) give the same tokens in both contexts.
    #[default]
    InSentence,
    /// Without a space.
    Alone,
}

impl fmt::Display for WordContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InSentence => "words as inside a sentence",
            Self::Alone => "words as given",
        })
    }
}

/// How the last hidden states of a prompt's tokens become its vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SentencePooling {
    /// The mean over all tokens, including those that start and end the prompt (Sentence-BERT, section 3); for
    /// BERT-like encoders.
    Mean,
    /// The first token, `[CLS]` or `<s>`; for BERT-like encoders.
    Cls,
    /// The token that ends the prompt, times CLIP's text projection (CLIP, section 2.4).
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
