//! Conditions of a generator: from captions, labels and segmentations to tensors.

use std::collections::HashMap;
use std::sync::Arc;

use tch::{Device, Kind, Tensor};
use vlt_caption::Language;
use vq_experiment::{ConfigError, LabelLevel};
use vq_generate::{Condition, Conditioning};

use super::image_tokens::ImageTokens;
use super::tokens::TokenizedBatch;
use crate::PipelineError;

/// The condition encoder.
#[derive(Debug)]
pub enum Conditioner {
    /// No condition.
    None,
    /// A class.
    Class(Classes),
    /// A text.
    Text(Texts),
    /// A segmentation, as ids of its tokenizer.
    Segmentation(Box<ImageTokens>),
}

/// The classes of a generator.
#[derive(Debug)]
pub struct Classes {
    level: LabelLevel,
    names: Vec<String>,
    numbers: HashMap<String, i64>,
}

/// The texts of a generator.
#[derive(Debug)]
pub struct Texts {
    language: Arc<Language>,
    /// `[V, E]`.
    embeddings: Tensor,
    max_tokens: i64,
}

impl Conditioner {
    /// The conditioning that the generator is built for.
    pub fn conditioning(&self) -> Conditioning<'_> {
        match self {
            Self::None => Conditioning::None,
            Self::Class(classes) => Conditioning::Class { classes: classes.names.len() as i64 },
            Self::Text(texts) => Conditioning::Text { embeddings: &texts.embeddings, max_tokens: texts.max_tokens },
            Self::Segmentation(tokens) => Conditioning::Tokens(&tokens.grid),
        }
    }

    /// The condition of a batch; an image without a caption has an empty one.
    ///
    /// # Errors
    /// [`PipelineError::Condition`] if an image lacks a class or segmentation.
    pub fn of_batch(&self, batch: &TokenizedBatch) -> Result<Condition, PipelineError> {
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
                None => Err(PipelineError::Condition {
                    expected: "a segmentation for each image".into(),
                    got: "none of at least one".into(),
                }),
            },
        }
    }

    /// The language of texts, if they are the condition.
    pub fn language(&self) -> Option<&Language> {
        match self {
            Self::Text(texts) => Some(&texts.language),
            _ => None,
        }
    }

    /// The kind of condition in words.
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
    /// Classes by name, of a level of labels.
    ///
    /// # Errors
    /// [`PipelineError::Config`] if there are none or a name is repeated.
    pub fn new(level: LabelLevel, names: Vec<String>) -> Result<Self, PipelineError> {
        let numbers: HashMap<String, i64> = names.iter().cloned().zip(0..).collect();
        match names.is_empty() || numbers.len() < names.len() {
            true => {
                let expected = "names of classes, each once";
                Err(ConfigError::value("condition.classes", expected, format!("{names:?}")).into())
            }
            false => Ok(Self { level, names, numbers }),
        }
    }

    /// The names, by number.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Classes by their names, or by their numbers.
    ///
    /// # Errors
    /// [`PipelineError::Condition`] naming an unknown class and the most similar one.
    pub fn condition(&self, wanted: &[String]) -> Result<Condition, PipelineError> {
        let number = |name: &String| {
            let by_number = || name.parse().ok().filter(|number| (0..self.names.len() as i64).contains(number));
            self.numbers.get(name).copied().or_else(by_number).ok_or_else(|| {
                let near = self
                    .names
                    .iter()
                    .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
                let near = near.map_or(String::new(), |near| format!(", such as `{near}`"));
                let expected = format!("one of {} classes by name or number{near}", self.names.len());
                PipelineError::Condition { expected, got: format!("`{name}`") }
            })
        };
        let numbers: Vec<i64> = wanted.iter().map(number).collect::<Result<_, _>>()?;
        Ok(Condition::Class(Tensor::f_from_slice(&numbers)?))
    }
}

/// What happens to a text with too many tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooLong {
    /// It is cut.
    Cut,
    /// It is an error.
    Refuse,
}

impl Texts {
    /// Texts of a language, of at most `max_tokens` tokens.
    pub fn new(language: Arc<Language>, max_tokens: i64, device: Device) -> Self {
        let embeddings = language.embeddings().to_device(device).to_kind(Kind::Float);
        Self { language, embeddings, max_tokens }
    }

    /// The condition of texts; an empty one is no condition.
    ///
    /// # Errors
    /// [`PipelineError::Condition`] naming a text with too many tokens, [`PipelineError::Caption`] if the language
    /// model's tokenizer rejects it.
    pub fn condition(&self, texts: &[String]) -> Result<Condition, PipelineError> {
        self.read(texts, TooLong::Refuse)
    }

    /// The words of a text, split at spaces, that the generator was not trained on: it reads them as unknown, or not at all
    /// if the language model has no token for that.
    ///
    /// # Errors
    /// [`PipelineError::Caption`] if the language model's tokenizer rejects a word.
    pub fn unknown_words(&self, text: &str) -> Result<Vec<String>, PipelineError> {
        let vocabulary = self.language.vocabulary();
        let special = vocabulary.map().special();
        let is_read = |text: &str| {
            let ids = vocabulary.encode(text, usize::MAX)?;
            let mut words =
                ids.iter().filter(|&&id| ![special.begin, special.end, special.pad].contains(&id)).peekable();
            Ok::<_, PipelineError>(words.peek().is_some() && words.all(|&id| special.unknown != Some(id)))
        };
        // If the language has an unknown token, words are checked one by one only if the text has it: some models encode a
        // word differently at the beginning of a text.
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

    /// As [`Texts::condition`], with a choice for long texts.
    ///
    /// # Errors
    /// Those of [`Texts::condition`].
    pub fn read(&self, texts: &[String], too_long: TooLong) -> Result<Condition, PipelineError> {
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
                return Err(PipelineError::Condition { expected, got: format!("{} for `{text}`", row.len()) });
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
