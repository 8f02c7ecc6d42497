//! From captions, labels and segmentations to what a generator reads.

use std::collections::HashMap;
use std::sync::Arc;

use tch::{Device, Kind, Tensor};
use vlt_caption::Language;
use vq_generate::{Condition, Conditioning};

use super::config::LabelLevel;
use super::image_tokens::ImageTokens;
use super::tokens::TokenizedBatch;
use crate::TrainError;

/// What says what images are to show.
#[derive(Debug)]
pub enum Conditioner {
    /// Nothing does.
    None,
    /// A class.
    Class(Classes),
    /// A text.
    Text(Texts),
    /// A segmentation, in the ids of a tokenizer of its own.
    Segmentation(Box<ImageTokens>),
}

/// The classes that images may show.
#[derive(Debug)]
pub struct Classes {
    level: LabelLevel,
    names: Vec<String>,
    places: HashMap<String, i64>,
}

/// The texts that are read.
#[derive(Debug)]
pub struct Texts {
    language: Arc<Language>,
    /// `[V, E]`.
    embeddings: Tensor,
    max_tokens: i64,
}

impl Conditioner {
    /// What the generator is built for.
    pub(crate) fn conditioning(&self) -> Conditioning<'_> {
        match self {
            Self::None => Conditioning::None,
            Self::Class(classes) => Conditioning::Class { classes: classes.names.len() as i64 },
            Self::Text(texts) => Conditioning::Text { embeddings: &texts.embeddings, max_tokens: texts.max_tokens },
            Self::Segmentation(tokens) => Conditioning::Tokens(&tokens.grid),
        }
    }

    /// What the images of a batch show; one without a caption shows anything.
    pub(crate) fn of_batch(&self, batch: &TokenizedBatch) -> Result<Condition, TrainError> {
        match self {
            Self::None => Ok(Condition::None),
            Self::Class(classes) => {
                let label = |labels: &Vec<String>| classes.level.of(labels).cloned().unwrap_or_default();
                classes.condition(&batch.labels.iter().map(label).collect::<Vec<_>>())
            }
            Self::Text(texts) => {
                let caption = |caption: &Option<String>| caption.clone().unwrap_or_default();
                texts.read(&batch.captions.iter().map(caption).collect::<Vec<_>>(), TooLong::Cut)
            }
            Self::Segmentation(_) => match &batch.segmentation {
                Some(ids) => Ok(Condition::Tokens(ids.shallow_clone())),
                None => Err(TrainError::Condition {
                    expected: "a segmentation for each image".into(),
                    got: "none of at least one".into(),
                }),
            },
        }
    }

    /// The language, if texts are read.
    pub fn language(&self) -> Option<&Language> {
        match self {
            Self::Text(texts) => Some(&texts.language),
            _ => None,
        }
    }

    /// One word for what is taken.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Class(_) => "a class",
            Self::Text(_) => "a text",
            Self::Segmentation(_) => "a segmentation",
        }
    }
}

impl Classes {
    pub(crate) fn new(level: LabelLevel, names: Vec<String>) -> Result<Self, TrainError> {
        let places: HashMap<String, i64> = names.iter().cloned().zip(0..).collect();
        match names.is_empty() || places.len() < names.len() {
            true => Err(TrainError::Option {
                key: "condition.classes",
                expected: "names of classes, each once".into(),
                got: format!("{names:?}"),
            }),
            false => Ok(Self { level, names, places }),
        }
    }

    /// The names, by number.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Classes by their names, or by their numbers.
    ///
    /// # Errors
    /// [`TrainError::Condition`] naming one that is none, and the nearest that is.
    pub fn condition(&self, wanted: &[String]) -> Result<Condition, TrainError> {
        let number = |name: &String| {
            let by_number = || name.parse().ok().filter(|number| (0..self.names.len() as i64).contains(number));
            self.places.get(name).copied().or_else(by_number).ok_or_else(|| {
                let near = self
                    .names
                    .iter()
                    .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
                let near = near.map_or(String::new(), |near| format!(", such as `{near}`"));
                let expected = format!("one of {} classes by name or number{near}", self.names.len());
                TrainError::Condition { expected, got: format!("`{name}`") }
            })
        };
        let numbers: Vec<i64> = wanted.iter().map(number).collect::<Result<_, _>>()?;
        Ok(Condition::Class(Tensor::f_from_slice(&numbers)?))
    }
}

/// What becomes of a text with too many tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooLong {
    Cut,
    Refuse,
}

impl Texts {
    pub(crate) fn new(language: Arc<Language>, max_tokens: i64, device: Device) -> Self {
        let embeddings = language.embeddings().to_device(device).to_kind(Kind::Float);
        Self { language, embeddings, max_tokens }
    }

    /// Texts to be shown; an empty one leaves it open what is.
    ///
    /// # Errors
    /// [`TrainError::Condition`] naming a text with more tokens than are read, [`TrainError::Caption`] if the language
    /// model's tokenizer refuses it.
    pub fn condition(&self, texts: &[String]) -> Result<Condition, TrainError> {
        self.read(texts, TooLong::Refuse)
    }

    /// The words of a text, split at spaces, of which the generator has learned nothing: it reads them as unknown, or as
    /// nothing where the language model has no token for that.
    ///
    /// # Errors
    /// [`TrainError::Caption`] if the language model's tokenizer refuses a word.
    pub fn unknown_words(&self, text: &str) -> Result<Vec<String>, TrainError> {
        let vocabulary = self.language.vocabulary();
        let special = vocabulary.map().special();
        let is_read = |text: &str| {
            let ids = vocabulary.encode(text, usize::MAX)?;
            let mut words =
                ids.iter().filter(|&&id| ![special.begin, special.end, special.pad].contains(&id)).peekable();
            Ok::<_, TrainError>(words.peek().is_some() && words.all(|&id| special.unknown != Some(id)))
        };
        // Where unknown words leave a trace, words are looked at one by one only if there is one: some models write a word
        // otherwise at the beginning of a text.
        if special.unknown.is_some() && is_read(text)? {
            return Ok(Vec::new());
        }
        let mut unknown = Vec::new();
        for word in text.split_whitespace() {
            if !is_read(word)? {
                unknown.push(word.to_owned());
            }
        }
        Ok(unknown)
    }

    pub(crate) fn read(&self, texts: &[String], too_long: TooLong) -> Result<Condition, TrainError> {
        let limit = self.max_tokens as usize;
        let mut rows = Vec::new();
        for text in texts {
            let row = match (text.trim().is_empty(), too_long) {
                (true, _) => Vec::new(),
                (false, TooLong::Cut) => self.language.vocabulary().encode(text, limit)?,
                (false, TooLong::Refuse) => self.language.vocabulary().encode(text, usize::MAX)?,
            };
            if row.len() > limit {
                let expected = format!("a text of at most {limit} tokens, begin and end among them");
                return Err(TrainError::Condition { expected, got: format!("{} for `{text}`", row.len()) });
            }
            rows.push(row);
        }
        let longest = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let pad = self.language.vocabulary().map().special().pad;
        let lengths: Vec<i64> = rows.iter().map(|row| row.len() as i64).collect();
        rows.iter_mut().for_each(|row| row.resize(longest, pad));
        let ids = Tensor::f_from_slice(&rows.concat())?.f_view([rows.len() as i64, longest as i64])?;
        Ok(Condition::Text { ids, lengths: Tensor::f_from_slice(&lengths)? })
    }
}
