//! Captions as tokens of a language model.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tokenizers::Tokenizer;
use vq_file::FileError;
use vq_nn::InputError;

use crate::batch::CaptionBatch;
use crate::caption::SpecialTokens;
use crate::error::CaptionError;
use crate::token_map::TokenMap;

/// Which of a language model's tokens to keep, besides the special tokens.
#[derive(Debug, Clone, Copy)]
pub enum TokenSelection<'a> {
    /// All tokens.
    Full,
    /// The tokens of these captions.
    Captions(&'a [String]),
    /// The tokens with these ids of the model.
    Ids(&'a [i64]),
}

/// A language model's names of its special tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialNames {
    /// Begins a caption.
    pub begin: String,
    /// Ends a caption.
    pub end: String,
    /// Pads a batch.
    pub pad: String,
    /// Replaces text that has no token.
    pub unknown: Option<String>,
}

impl SpecialNames {
    /// BERT's: `[CLS]`, `[SEP]`, `[PAD]`, `[UNK]`.
    pub fn bert() -> Self {
        Self::of(["[CLS]", "[SEP]", "[PAD]"], Some("[UNK]"))
    }

    /// CLIP's: `<|startoftext|>`, and `<|endoftext|>` for the rest; every text has tokens.
    pub fn clip() -> Self {
        Self::of(["<|startoftext|>", "<|endoftext|>", "<|endoftext|>"], None)
    }

    /// GPT-2's: `<|endoftext|>` for all; every text has tokens.
    pub fn gpt2() -> Self {
        Self::of(["<|endoftext|>"; 3], None)
    }

    fn of([begin, end, pad]: [&str; 3], unknown: Option<&str>) -> Self {
        Self { begin: begin.into(), end: end.into(), pad: pad.into(), unknown: unknown.map(Into::into) }
    }
}

/// Converts text to a decoder's ids and back, with a Hugging Face `tokenizer.json`.
#[derive(Debug)]
pub struct TokenVocabulary {
    tokenizer: Tokenizer,
    map: TokenMap,
    file: String,
}

impl TokenVocabulary {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`CaptionError::File`] if the file cannot be read; [`CaptionError::Tokenizer`] if it is not a tokenizer;
    /// [`CaptionError::Token`] if it lacks a special token.
    pub fn open(path: &Path, names: &SpecialNames, selection: TokenSelection<'_>) -> Result<Self, CaptionError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(FileError::io("read", path))?;
        Self::parse(&text, file, names, selection)
    }

    /// As [`TokenVocabulary::open`], for the text of a `tokenizer.json`; `file` names it in errors.
    ///
    /// # Errors
    /// Those of [`TokenVocabulary::open`], except for reading; [`CaptionError::Input`] if an id is not the tokenizer's.
    pub fn parse(
        text: &str,
        file: String,
        names: &SpecialNames,
        selection: TokenSelection<'_>,
    ) -> Result<Self, CaptionError> {
        let fail = |expected, source| CaptionError::Tokenizer { file: file.clone(), expected, source };
        let mut tokenizer: Tokenizer = guarded(|| text.parse()).map_err(|source| fail("a tokenizer", source))?;
        // A tokenizer that was trained on batches pads and truncates; here the decoder's limits decide.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|source| fail("no truncation", source))?;
        let id = |name: &String| {
            let missing = || CaptionError::Token { file: file.clone(), token: name.clone() };
            tokenizer.token_to_id(name).map(i64::from).ok_or_else(missing)
        };
        let special = SpecialTokens {
            begin: id(&names.begin)?,
            end: id(&names.end)?,
            pad: id(&names.pad)?,
            unknown: names.unknown.as_ref().map(id).transpose()?,
        };
        let used: Vec<i64> = match selection {
            TokenSelection::Full => tokenizer.get_vocab(true).into_values().map(i64::from).collect(),
            TokenSelection::Captions(captions) => {
                let mut used = Vec::new();
                for caption in captions {
                    used.extend(model_ids(&tokenizer, &file, caption)?);
                }
                used
            }
            TokenSelection::Ids(ids) => {
                let known = |id: i64| u32::try_from(id).is_ok_and(|id| tokenizer.id_to_token(id).is_some());
                if let Some(got) = ids.iter().copied().find(|id| !known(*id)) {
                    let (op, what) = ("TokenVocabulary::parse", "ids of the tokenizer");
                    let end = tokenizer.get_vocab_size(true) as i64;
                    return Err(InputError::Range { op, what, start: 0, end, got }.into());
                }
                ids.to_vec()
            }
        };
        Ok(Self { map: TokenMap::new(used, special)?, tokenizer, file })
    }

    /// The map between the model's ids and the decoder's ids.
    pub fn map(&self) -> &TokenMap {
        &self.map
    }

    /// A caption's ids between the begin and end tokens, at most `limit`; see [`TokenMap::caption`].
    ///
    /// # Errors
    /// [`CaptionError::Tokenizer`] if the tokenizer refuses the text; [`CaptionError::Input`] if `limit` is less
    /// than 2.
    pub fn encode(&self, caption: &str, limit: usize) -> Result<Vec<i64>, CaptionError> {
        self.map.caption(&model_ids(&self.tokenizer, &self.file, caption)?, limit)
    }

    /// Captions as a batch: of at most `limit` tokens each, empty for an image without caption or with a blank one.
    ///
    /// # Errors
    /// Those of [`TokenVocabulary::encode`].
    pub fn encode_batch(&self, captions: &[Option<String>], limit: usize) -> Result<CaptionBatch, CaptionError> {
        let encode = |caption: &Option<String>| match caption.as_deref().map(str::trim) {
            None | Some("") => Ok(Vec::new()),
            Some(caption) => self.encode(caption, limit),
        };
        let ids: Vec<Vec<i64>> = captions.iter().map(encode).collect::<Result<_, _>>()?;
        Ok(self.map.batch(&ids))
    }

    /// The text of ids; special tokens are left out.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an id is not in the vocabulary; [`CaptionError::Tokenizer`] if the tokenizer refuses.
    pub fn decode(&self, ids: &[i64]) -> Result<String, CaptionError> {
        let special = self.map.special();
        let is_word =
            |id: &&i64| ![special.begin, special.end, special.pad].contains(id) && special.unknown != Some(**id);
        let mut tokens = Vec::with_capacity(ids.len());
        for id in ids.iter().filter(is_word) {
            let model = self.map.model_id(*id).and_then(|model| u32::try_from(model).ok());
            let end = self.map.size() as i64;
            let op = "TokenVocabulary::decode";
            tokens.push(model.ok_or(InputError::Range { op, what: "token ids", start: 0, end, got: *id })?);
        }
        let text = guarded(|| self.tokenizer.decode(&tokens, true));
        text.map_err(|source| CaptionError::Tokenizer { file: self.file.clone(), expected: "text of tokens", source })
    }
}

/// The model's ids of a text, without begin and end tokens.
fn model_ids(tokenizer: &Tokenizer, file: &str, text: &str) -> Result<Vec<i64>, CaptionError> {
    let encoding = guarded(|| tokenizer.encode(text, false));
    let encoding = encoding.map_err(|source| CaptionError::Tokenizer {
        file: format!("{file} on {text:?}"),
        expected: "tokens",
        source,
    })?;
    Ok(encoding.get_ids().iter().map(|id| i64::from(*id)).collect())
}

/// Turns a panic of `tokenizers` into an error: the crate panics on some handwritten files. A tokenizer mutates only its
/// cache, so it stays usable.
fn guarded<T>(call: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| Err("a file on which the crate `tokenizers` panics".into()))
}
