use std::path::PathBuf;

use codebook_prior::PriorGraph;
use serde::{Deserialize, Serialize};
use vlt_caption::Language;
use vq_data::ImageSource;

use crate::TrainError;

/// The language model's side of captions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageConfig {
    /// The file, or the embedded one.
    pub source: LanguageSource,
    /// Which of its tokens are kept.
    pub extent: LanguageExtent,
    /// What happens if codes are words of another language model.
    pub other_model: OtherModel,
}

/// Where a language lies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum LanguageSource {
    /// The one that `vlt-caption` carries.
    #[default]
    Embedded,
    /// A file that `vqct language` made.
    File(PathBuf),
}

/// Which tokens of a language are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LanguageExtent {
    /// Those of the training captions; whatever else a caption holds is unknown.
    #[default]
    InUse,
    /// All that the file has.
    Whole,
}

/// What happens if prior and language come from different language models.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherModel {
    /// An error.
    #[default]
    Refuse,
    /// They are used together.
    Allow,
}

impl LanguageConfig {
    /// Reads the language and cuts it to what `captions` use.
    ///
    /// # Errors
    /// [`TrainError::Caption`] naming the file; [`TrainError::Option`] if the prior comes from another model, or if there
    /// is no caption.
    pub(crate) fn load(&self, prior: Option<&PriorGraph>, train: &dyn ImageSource) -> Result<Language, TrainError> {
        let language = self.read()?;
        let words = prior.and_then(|prior| prior.provenance().embedding.as_ref()).map(|embedding| &embedding.model);
        if let Some(model) =
            words.filter(|&model| self.other_model == OtherModel::Refuse && *model != language.about().model)
        {
            let expected = format!("a language of `{model}`, whose words are the codes, or `other_model = \"allow\"`");
            let got = format!("`{}`", language.about().model);
            return Err(TrainError::Option { key: "captions.language", expected, got });
        }
        let mut captions = Vec::new();
        for index in 0..train.len() {
            captions.extend(train.captions(index)?);
        }
        self.cut(language, &captions)
    }

    /// Reads the language and cuts it to what `captions` use, whatever the codes are.
    ///
    /// # Errors
    /// [`TrainError::Caption`] naming the file; [`TrainError::Option`] if there is no caption.
    pub(crate) fn load_for(&self, captions: &[String]) -> Result<Language, TrainError> {
        self.cut(self.read()?, captions)
    }

    fn read(&self) -> Result<Language, TrainError> {
        Ok(match &self.source {
            LanguageSource::Embedded => Language::embedded()?,
            LanguageSource::File(path) => Language::open(path)?,
        })
    }

    fn cut(&self, language: Language, captions: &[String]) -> Result<Language, TrainError> {
        if captions.is_empty() {
            let (expected, got) = ("images with captions for `captions`".into(), "none that has one".into());
            return Err(TrainError::Option { key: "data.source", expected, got });
        }
        match self.extent {
            LanguageExtent::InUse => Ok(language.cut(captions)?),
            LanguageExtent::Whole => Ok(language),
        }
    }
}
