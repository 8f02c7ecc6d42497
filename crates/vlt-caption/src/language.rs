//! A language model's side of captions, in one file.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use vq_transformer::InputError;

use crate::{CaptionError, SpecialNames, TokenVocabulary, VocabularyExtent};

const KEY: &str = "vlt-caption";
const FORMAT: u32 = 1;

#[cfg(feature = "embedded")]
static EMBEDDED: &[u8] = include_bytes!("../assets/language.safetensors");

/// Where a language comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageAbout {
    /// The language model, as priors call it.
    pub model: String,
    /// Its tokens with a meaning of their own.
    pub special: SpecialNames,
    /// SHA-256 of each file read, in hexadecimal, by the file's name.
    pub sources: BTreeMap<String, String>,
}

/// A language model's tokenizer, the tokens of it that captions use, and their frozen embeddings.
///
/// The file is in the safetensors format; equal languages give equal bytes:
///
/// | Tensor | Type and shape | Content |
/// |---|---|---|
/// | `tokenizer` | `U8 [bytes]` | the model's whole `tokenizer.json` |
/// | `model_ids` | `I64 [V]` | the model's ids of the tokens that are kept, rising |
/// | `embeddings` | `F16 [V, E]` | their input embeddings |
///
/// The container's metadata has the one key `vlt-caption`: JSON with `format` (1) and `about`.
#[derive(Debug)]
pub struct Language {
    about: LanguageAbout,
    tokenizer: String,
    vocabulary: TokenVocabulary,
    /// `[V, E]`, `Half`, as bytes, so that threads may share a language.
    embeddings: Vec<u8>,
    width: usize,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    about: LanguageAbout,
}

/// Read before [`Header`], so that a later format is named as such.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Language {
    /// Takes the text of a `tokenizer.json` and those of its tokens that `extent` says; `rows` gives their input
    /// embeddings, `[V, E]`, by the model's ids. Embeddings are kept in `Half`.
    ///
    /// # Errors
    /// Those of [`TokenVocabulary::parse`] and of `rows`; [`CaptionError::Input`] if there is not a row for each token.
    pub fn new<E: From<CaptionError>>(
        about: LanguageAbout,
        tokenizer: String,
        extent: VocabularyExtent<'_>,
        rows: impl FnOnce(&[i64]) -> Result<Tensor, E>,
    ) -> Result<Self, E> {
        let file = format!("tokenizer.json of {}", about.model);
        let vocabulary = TokenVocabulary::parse(&tokenizer, file, &about.special, extent)?;
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

    /// The default language: all-MiniLM-L6-v2, with the tokens of what the embedded data sets say, of this project's
    /// photo captions and of the embedded prior's words.
    ///
    /// # Errors
    /// As [`Language::from_bytes`]; a test holds that the shipped bytes have none.
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, CaptionError> {
        Self::from_bytes("the embedded language", EMBEDDED)
    }

    /// Reads a file that `vqct language` made.
    ///
    /// # Errors
    /// [`CaptionError::Io`] if it cannot be read; else those of [`Language::from_bytes`].
    pub fn open(path: &Path) -> Result<Self, CaptionError> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| CaptionError::Io {
            op: "Language::open",
            file: file.clone(),
            source,
        })?;
        Self::from_bytes(&file, &bytes)
    }

    /// Reads the bytes of a language's file, which errors call `file`.
    ///
    /// # Errors
    /// [`CaptionError::Language`] naming what is missing or damaged; those of [`TokenVocabulary::parse`].
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, CaptionError> {
        let refuse = |expected: String, got: String| CaptionError::Language { file: file.to_owned(), expected, got };
        let container = |error: safetensors::SafeTensorError| refuse("a safetensors file".into(), error.to_string());
        let tensors = SafeTensors::deserialize(bytes).map_err(container)?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(container)?;
        let header = metadata.metadata().as_ref().and_then(|facts| facts.get(KEY));
        let header = header.ok_or_else(|| refuse(format!("metadata `{KEY}`"), "none".into()))?;
        let json = |error: serde_json::Error| refuse(format!("`{KEY}` of format {FORMAT}"), error.to_string());
        let Version { format } = serde_json::from_str(header).map_err(json)?;
        if format != FORMAT {
            return Err(refuse(format!("format {FORMAT}"), format.to_string()));
        }
        let Header { about, .. } = serde_json::from_str(header).map_err(json)?;
        let tensor = |name: &str, dtype: Dtype, axes: usize| {
            let expected = || format!("tensor `{name}`, {dtype:?} with {axes} axes");
            let view = tensors.tensor(name).map_err(|_| refuse(expected(), "none".into()))?;
            if view.dtype() != dtype || view.shape().len() != axes {
                return Err(refuse(expected(), format!("{:?} {:?}", view.dtype(), view.shape())));
            }
            Ok(view)
        };
        let tokenizer = tensor("tokenizer", Dtype::U8, 1)?.data().to_vec();
        let tokenizer = String::from_utf8(tokenizer);
        let tokenizer = tokenizer.map_err(|error| refuse("UTF-8 in `tokenizer`".into(), error.to_string()))?;
        let ids = tensor("model_ids", Dtype::I64, 1)?;
        let ids: Vec<i64> = ids.data().as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect();
        let rows = tensor("embeddings", Dtype::F16, 2)?;
        let shape: Vec<i64> = rows.shape().iter().map(|&side| side as i64).collect();
        let extent = VocabularyExtent::Ids(&ids);
        let language = Self::new(about, tokenizer, extent, |_| {
            Ok::<_, CaptionError>(Tensor::from_data_size(rows.data(), &shape, Kind::Half))
        })?;
        match language.vocabulary.map().model_ids() == ids {
            true => Ok(language),
            false => Err(refuse("`model_ids` that rise and hold the special tokens".into(), "others".into())),
        }
    }

    /// The bytes of the language's file; equal languages give equal bytes.
    ///
    /// # Errors
    /// [`CaptionError::Language`] if the container cannot be made.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CaptionError> {
        let file = || format!("language of {}", self.about.model);
        let fail =
            |got: String| CaptionError::Language { file: file(), expected: "a file that can be made".into(), got };
        let header = Header { format: FORMAT, about: self.about.clone() };
        let header = serde_json::to_string(&header).map_err(|error| fail(error.to_string()))?;
        let ids: Vec<u8> = self.vocabulary.map().model_ids().iter().flat_map(|id| id.to_le_bytes()).collect();
        let shape = vec![self.vocabulary.map().size(), self.width];
        let tokenizer = self.tokenizer.as_bytes();
        let part = |dtype, shape, bytes| Part { dtype, shape, bytes };
        let parts = [
            ("tokenizer", part(Dtype::U8, vec![tokenizer.len()], tokenizer)),
            ("model_ids", part(Dtype::I64, vec![ids.len() / size_of::<i64>()], &ids)),
            ("embeddings", part(Dtype::F16, shape, &self.embeddings)),
        ];
        let facts = HashMap::from([(KEY.to_owned(), header)]);
        safetensors::serialize(parts, Some(facts)).map_err(|error| fail(error.to_string()))
    }

    /// The same with the tokens that these captions use, and the special ones; tokens that the language lacks stay out.
    ///
    /// # Errors
    /// [`CaptionError::Tokenizer`] if the tokenizer refuses a caption.
    pub fn cut(&self, captions: &[String]) -> Result<Self, CaptionError> {
        let map = self.vocabulary.map();
        let mut kept = Vec::new();
        for caption in captions {
            let own = self.vocabulary.encode(caption, usize::MAX)?;
            kept.extend(own.into_iter().filter_map(|id| map.model(id)));
        }
        let extent = VocabularyExtent::Ids(&kept);
        Self::new(self.about.clone(), self.tokenizer.clone(), extent, |ids| {
            let own: Vec<i64> = ids.iter().filter_map(|id| map.own(*id)).collect();
            Ok(self.embeddings().index_select(0, &Tensor::from_slice(&own)))
        })
    }

    /// Where it comes from.
    pub fn about(&self) -> &LanguageAbout {
        &self.about
    }

    /// The text of the model's `tokenizer.json`.
    pub fn tokenizer_json(&self) -> &str {
        &self.tokenizer
    }

    /// Captions to ids and back.
    pub fn vocabulary(&self) -> &TokenVocabulary {
        &self.vocabulary
    }

    /// `[V, E]`, `Float`, the tokens' input embeddings, for [`CaptionDecoder::new`](crate::CaptionDecoder::new).
    pub fn embeddings(&self) -> Tensor {
        let shape = [self.vocabulary.map().size() as i64, self.width()];
        Tensor::from_data_size(&self.embeddings, &shape, Kind::Half).to_kind(Kind::Float)
    }

    /// `E`.
    pub fn width(&self) -> i64 {
        self.width as i64
    }
}

struct Part<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: &'a [u8],
}

impl View for Part<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.bytes.into()
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
