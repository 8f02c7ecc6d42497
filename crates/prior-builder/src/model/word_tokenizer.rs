//! A model's `tokenizer.json`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use codebook_prior::WordContext;
use serde_json::Value;
use tokenizers::Tokenizer;

use crate::error::BuildError;
use crate::text_file::TextFile;

/// A tokenizer of words and prompts, one at a time.
pub(crate) struct WordTokenizer {
    tokenizer: Tokenizer,
    path: String,
    /// The space before a word inside a sentence; empty if the tokenizer adds it itself.
    space: &'static str,
}

impl WordTokenizer {
    pub(crate) fn new(file: &TextFile) -> Result<Self, BuildError> {
        let path = file.path.display().to_string();
        let fail = |expected, source| BuildError::Tokenizer { file: path.clone(), expected, source };
        let mut tokenizer: Tokenizer = guarded(|| file.text.parse()).map_err(|source| fail("a tokenizer", source))?;
        // Some tokenizers pad each text to full length, and padding would dominate the vector of a word.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|source| fail("no truncation", source))?;
        let json: Value = serde_json::from_str(&file.text).map_err(|source| BuildError::Json {
            file: path.clone(),
            expected: "a tokenizer",
            source,
        })?;
        let space = if prepends(&json["normalizer"]) { "" } else { " " };
        Ok(Self { tokenizer, path, space })
    }

    /// The tokens of a word without special tokens; at least one.
    pub(crate) fn word(&self, word: &str, context: WordContext) -> Result<Vec<u32>, BuildError> {
        let space = match context {
            WordContext::InSentence => self.space,
            WordContext::Alone => "",
        };
        let encoding = guarded(|| self.tokenizer.encode(format!("{space}{word}"), false));
        let encoding = encoding.map_err(|source| self.fail(word, source))?;
        let special = |id: &u32| self.tokenizer.get_added_tokens_decoder().get(id).is_some_and(|token| token.special);
        let tokens: Vec<u32> = encoding.get_ids().iter().copied().filter(|id| !special(id)).collect();
        if tokens.is_empty() {
            let got = format!("{:?}", encoding.get_tokens());
            return Err(BuildError::invalid("embed", format!("{word:?}"), "a token that is not special", got));
        }
        Ok(tokens)
    }

    /// The tokens of a prompt, including those that start and end it.
    #[cfg(feature = "encoder")]
    pub(crate) fn prompt(&self, text: &str) -> Result<Vec<u32>, BuildError> {
        let encoding = guarded(|| self.tokenizer.encode(text, true)).map_err(|source| self.fail(text, source))?;
        Ok(encoding.get_ids().to_vec())
    }

    fn fail(&self, text: &str, source: tokenizers::Error) -> BuildError {
        BuildError::Tokenizer { file: format!("{} on {text:?}", self.path), expected: "tokens", source }
    }
}

/// Whether a normalizer prepends something to each text, as LLaMA 2's prepends a space.
fn prepends(normalizer: &Value) -> bool {
    let inside = normalizer["normalizers"].as_array();
    normalizer["type"] == "Prepend" || inside.is_some_and(|inside| inside.iter().any(prepends))
}

/// Turns a panic of `tokenizers` into an error. The crate panics on some invalid files, for instance on a template that
/// names a token without defining it. Only the cache of a tokenizer is mutable, so that it stays usable.
fn guarded<T>(call: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err("a file on which the crate `tokenizers` panics".into()))
}
