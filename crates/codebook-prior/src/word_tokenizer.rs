use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value;
use tokenizers::Tokenizer;

use crate::text_file::TextFile;
use crate::{PriorError, WordPlace};

/// A model's `tokenizer.json`, for words and prompts one at a time.
pub(crate) struct WordTokenizer {
    tokenizer: Tokenizer,
    path: String,
    /// What stands before a word inside a sentence, unless the tokenizer writes it itself.
    space: &'static str,
}

impl WordTokenizer {
    pub(crate) fn new(file: &TextFile) -> Result<Self, PriorError> {
        let path = file.path.display().to_string();
        let fail = |expected, source| PriorError::Tokenizer { file: path.clone(), expected, source };
        let mut tokenizer: Tokenizer = guarded(|| file.text.parse()).map_err(|source| fail("a tokenizer", source))?;
        // A tokenizer trained for batches pads each text to full length: padding would drown a word's own rows.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|source| fail("no truncation", source))?;
        let json: Value = serde_json::from_str(&file.text).map_err(|source| PriorError::Json {
            file: path.clone(),
            expected: "a tokenizer",
            source,
        })?;
        let space = if prepends(&json["normalizer"]) { "" } else { " " };
        Ok(Self { tokenizer, path, space })
    }

    /// The tokens of a word, without special ones; never none.
    pub(crate) fn word(&self, word: &str, place: WordPlace) -> Result<Vec<u32>, PriorError> {
        let space = match place {
            WordPlace::InSentence => self.space,
            WordPlace::Alone => "",
        };
        let encoding = guarded(|| self.tokenizer.encode(format!("{space}{word}"), false));
        let encoding = encoding.map_err(|source| self.fail(word, source))?;
        let special = |id: &u32| self.tokenizer.get_added_tokens_decoder().get(id).is_some_and(|token| token.special);
        let tokens: Vec<u32> = encoding.get_ids().iter().copied().filter(|id| !special(id)).collect();
        if tokens.is_empty() {
            let got = format!("{:?}", encoding.get_tokens());
            return Err(PriorError::invalid("embed", format!("{word:?}"), "a token that is not special", got));
        }
        Ok(tokens)
    }

    /// The tokens of a prompt, with those that start and end it.
    #[cfg(feature = "encoder")]
    pub(crate) fn prompt(&self, text: &str) -> Result<Vec<u32>, PriorError> {
        let encoding = guarded(|| self.tokenizer.encode(text, true)).map_err(|source| self.fail(text, source))?;
        Ok(encoding.get_ids().to_vec())
    }

    fn fail(&self, text: &str, source: tokenizers::Error) -> PriorError {
        PriorError::Tokenizer { file: format!("{} on {text:?}", self.path), expected: "tokens", source }
    }
}

/// Whether a normalizer writes something before each text, as LLaMA 2's writes a space.
fn prepends(normalizer: &Value) -> bool {
    let inside = normalizer["normalizers"].as_array();
    normalizer["type"] == "Prepend" || inside.is_some_and(|inside| inside.iter().any(prepends))
}

/// A panic of `tokenizers` as an error: the crate takes some files for impossible that can be written by hand, such as a
/// template that names a token which it does not define. A tokenizer changes nothing but its cache, so it stays sound.
fn guarded<T>(call: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err("a file that the crate `tokenizers` panics at".into()))
}
