//! The language of captions.

use std::path::PathBuf;

use codebook_prior::PriorGraph;
use serde::{Deserialize, Serialize};
use vlt_caption::Language;
use vq_data::ImageSource;

use crate::ConfigError;

/// The language of captions: a language model's tokenizer and its frozen token embeddings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageConfig {
    /// The embedded language, or a file.
    pub source: LanguageSource,
    /// Which of its tokens are kept.
    pub vocabulary: VocabularyChoice,
    /// What happens if the words of the codes come from another language model.
    pub other_model: OtherModel,
}

/// Where a language is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum LanguageSource {
    /// The language that `vlt-caption` contains.
    #[default]
    Embedded,
    /// A file that `vqct language` made.
    File(PathBuf),
}

/// Which tokens of a language are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VocabularyChoice {
    /// The tokens of the training captions; other tokens of a caption are unknown.
    #[default]
    Captions,
    /// All tokens of the file.
    Full,
}

/// What happens if prior and language come from different language models.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherModel {
    /// An error.
    #[default]
    Refuse,
    /// Both are used together.
    Allow,
}

impl LanguageConfig {
    /// Reads the language and keeps the tokens of the training captions.
    ///
    /// # Errors
    /// [`ConfigError::Caption`] naming the file; [`ConfigError::Value`] if the prior comes from another model, or if
    /// there is no caption.
    pub fn load(&self, prior: Option<&PriorGraph>, train: &dyn ImageSource) -> Result<Language, ConfigError> {
        let language = self.read()?;
        let words = prior.and_then(|prior| prior.provenance().embedding.as_ref()).map(|embedding| &embedding.model);
        if let Some(model) =
            words.filter(|&model| self.other_model == OtherModel::Refuse && *model != language.about().model)
        {
            let expected = format!("a language of `{model}`, whose words are the codes, or `other_model = \"allow\"`");
            let got = format!("`{}`", language.about().model);
            return Err(ConfigError::Value { key: "captions.language", expected, got });
        }
        let mut captions = Vec::new();
        for index in 0..train.len() {
            captions.extend(train.captions(index)?);
        }
        self.restricted(language, &captions)
    }

    /// Reads the language and keeps the tokens of `captions`, for any codes.
    ///
    /// # Errors
    /// [`ConfigError::Caption`] naming the file; [`ConfigError::Value`] if there is no caption.
    pub fn load_for(&self, captions: &[String]) -> Result<Language, ConfigError> {
        self.restricted(self.read()?, captions)
    }

    fn read(&self) -> Result<Language, ConfigError> {
        Ok(match &self.source {
            LanguageSource::Embedded => Language::embedded()?,
            LanguageSource::File(path) => Language::open(path)?,
        })
    }

    fn restricted(&self, language: Language, captions: &[String]) -> Result<Language, ConfigError> {
        if captions.is_empty() {
            let (expected, got) = ("images with captions for `captions`".into(), "none that has one".into());
            return Err(ConfigError::Value { key: "data.source", expected, got });
        }
        match self.vocabulary {
            VocabularyChoice::Captions => Ok(language.restrict(captions)?),
            VocabularyChoice::Full => Ok(language),
        }
    }
}
