//! A language model's tokenizer and embeddings, in one file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use vq_file::{Dtype, TensorData, TensorFile, encode_tensors, header_json};
use vq_nn::InputError;

use crate::error::CaptionError;
use crate::vocabulary::{SpecialNames, TokenSelection, TokenVocabulary};

const WHAT: &str = "language";
const KEY: &str = "vlt-caption";
const FORMAT: u32 = 1;

#[cfg(feature = "embedded")]
static EMBEDDED: &[u8] = include_bytes!("../assets/language.safetensors");

/// Where a language comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageAbout {
    /// The language model, as priors name it.
    pub model: String,
    /// The names of its special tokens.
    pub special: SpecialNames,
    /// SHA-256 of each source file, in hexadecimal, by the file's name.
    pub sources: BTreeMap<String, String>,
}

/// A language model's tokenizer, those of its tokens that captions use, and their frozen embeddings.
///
/// The file is in the safetensors format; equal languages have equal bytes:
///
/// | Tensor | Type and shape | Content |
/// |---|---|---|
/// | `tokenizer` | `U8 [bytes]` | the model's complete `tokenizer.json` |
/// | `model_ids` | `I64 [V]` | the model's ids of the selected tokens, rising |
/// | `embeddings` | `F16 [V, E]` | their input embeddings |
///
/// The metadata has one entry, `vlt-caption`: JSON with `format` (1) and `about`.
#[derive(Debug)]
pub struct Language {
    about: LanguageAbout,
    tokenizer: String,
    vocabulary: TokenVocabulary,
    /// `[V, E]`, `Half`, as bytes, so that threads can share a language.
    embeddings: Vec<u8>,
    width: usize,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    about: LanguageAbout,
}

impl Language {
    /// Builds a language from the text of a `tokenizer.json` and a selection of its tokens; `rows` returns the input
    /// embeddings, `[V, E]`, of tokens by the model's ids. Embeddings are stored in `Half`.
    ///
    /// # Errors
    /// Those of [`TokenVocabulary::parse`] and of `rows`; [`CaptionError::Input`] if there is not a row for each token.
    pub fn new<E: From<CaptionError>>(
        about: LanguageAbout,
        tokenizer: String,
        selection: TokenSelection<'_>,
        rows: impl FnOnce(&[i64]) -> Result<Tensor, E>,
    ) -> Result<Self, E> {
        let file = format!("tokenizer.json of {}", about.model);
        let vocabulary = TokenVocabulary::parse(&tokenizer, file, &about.special, selection)?;
        let embeddings = rows(vocabulary.map().model_ids())?;
        let tokens = vocabulary.map().size();
        let width = match embeddings.size()[..] {
            [rows, width] if rows == tokens as i64 && width >= 1 => width as usize,
            _ => {
                let (op, what, expected) = ("Language::new", "embeddings", format!("[{tokens}, E]"));
                return Err(
                    CaptionError::Input(InputError::Shape { op, what, expected, got: embeddings.size() }).into()
                );
            }
        };
        let halves = embeddings.detach().to_device(Device::Cpu).to_kind(Kind::Half).contiguous();
        let mut bytes = vec![0; halves.numel() * Kind::Half.elt_size_in_bytes()];
        halves.copy_data_u8(&mut bytes, halves.numel());
        Ok(Self { about, tokenizer, vocabulary, embeddings: bytes, width })
    }

    /// The default language: all-MiniLM-L6-v2, with the tokens of the embedded data sets' captions, of this project's
    /// photo captions and of the embedded prior's words.
    ///
    /// # Errors
    /// As [`Language::from_bytes`]; a test checks that the shipped bytes have none.
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, CaptionError> {
        Self::from_file(&TensorFile::from_bytes(WHAT, "embedded", EMBEDDED)?)
    }

    /// Reads a file that `vqct language` wrote.
    ///
    /// # Errors
    /// [`CaptionError::File`] if it cannot be read; else those of [`Language::from_bytes`].
    pub fn open(path: &Path) -> Result<Self, CaptionError> {
        Self::from_file(&TensorFile::read(WHAT, path)?)
    }

    /// Reads the bytes of a language's file; `file` names it in errors.
    ///
    /// # Errors
    /// [`CaptionError::File`] naming what is missing or damaged; those of [`TokenVocabulary::parse`].
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, CaptionError> {
        Self::from_file(&TensorFile::from_bytes(WHAT, file, bytes.to_vec())?)
    }

    fn from_file(file: &TensorFile) -> Result<Self, CaptionError> {
        let Header { about, .. } = file.header(KEY, FORMAT)?;
        let bytes = |name: &str| file.get(name).unwrap_or_default();
        let [_] = file.shape("tokenizer", Dtype::U8, [None])?;
        let tokenizer = String::from_utf8(bytes("tokenizer").to_vec());
        let tokenizer = tokenizer.map_err(|error| file.error("UTF-8 in `tokenizer`", error.to_string()))?;
        let [_] = file.shape("model_ids", Dtype::I64, [None])?;
        let ids = bytes("model_ids").as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
        let ids: Vec<i64> = ids.collect();
        let shape = file.shape("embeddings", Dtype::F16, [None, None])?.map(|side| side as i64);
        let language = Self::new(about, tokenizer, TokenSelection::Ids(&ids), |_| {
            Ok::<_, CaptionError>(Tensor::from_data_size(bytes("embeddings"), &shape, Kind::Half))
        })?;
        match language.vocabulary.map().model_ids() == ids {
            true => Ok(language),
            false => Err(file.error("`model_ids` that rise and contain the special tokens", "others").into()),
        }
    }

    /// The bytes of the language's file; equal languages have equal bytes.
    ///
    /// # Errors
    /// [`CaptionError::File`] if the header or a tensor cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CaptionError> {
        let header = header_json(WHAT, &Header { format: FORMAT, about: self.about.clone() })?;
        let ids: Vec<u8> = self.vocabulary.map().model_ids().iter().flat_map(|id| id.to_le_bytes()).collect();
        let tokens = self.vocabulary.map().size();
        let tensors = [
            ("tokenizer", TensorData::bytes(self.tokenizer.as_bytes())),
            ("model_ids", TensorData::new(Dtype::I64, vec![tokens], ids)),
            ("embeddings", TensorData::new(Dtype::F16, vec![tokens, self.width], self.embeddings.as_slice())),
        ];
        Ok(encode_tensors(WHAT, tensors, [(KEY, header)])?)
    }

    /// The language with only the tokens that these captions use, and the special ones; it gains no tokens.
    ///
    /// # Errors
    /// [`CaptionError::Tokenizer`] if the tokenizer refuses a caption.
    pub fn restrict(&self, captions: &[String]) -> Result<Self, CaptionError> {
        let map = self.vocabulary.map();
        let mut kept = Vec::new();
        for caption in captions {
            let ids = self.vocabulary.encode(caption, usize::MAX)?;
            kept.extend(ids.into_iter().filter_map(|id| map.model_id(id)));
        }
        Self::new(self.about.clone(), self.tokenizer.clone(), TokenSelection::Ids(&kept), |ids| {
            let local: Vec<i64> = ids.iter().filter_map(|id| map.local_id(*id)).collect();
            Ok(self.embeddings().index_select(0, &Tensor::from_slice(&local)))
        })
    }

    /// Where the language comes from.
    pub fn about(&self) -> &LanguageAbout {
        &self.about
    }

    /// The text of the model's `tokenizer.json`.
    pub fn tokenizer_json(&self) -> &str {
        &self.tokenizer
    }

    /// Converts captions to ids and back.
    pub fn vocabulary(&self) -> &TokenVocabulary {
        &self.vocabulary
    }

    /// `[V, E]`, `Float`: the tokens' input embeddings, for [`CaptionDecoder::new`](crate::CaptionDecoder::new).
    pub fn embeddings(&self) -> Tensor {
        let shape = [self.vocabulary.map().size() as i64, self.width()];
        Tensor::from_data_size(&self.embeddings, &shape, Kind::Half).to_kind(Kind::Float)
    }

    /// `E`.
    pub fn width(&self) -> i64 {
        self.width as i64
    }
}
