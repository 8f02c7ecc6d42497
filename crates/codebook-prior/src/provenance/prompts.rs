//! Prompt templates.

use serde::{Deserialize, Serialize};

use crate::error::PriorError;
use crate::word::PartOfSpeech;

/// The placeholder of the word in a template.
const PLACEHOLDER: &str = "{w}";

/// The texts that a text encoder reads, one template per part of speech; `{w}` stands for the word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prompts {
    /// For adjectives.
    pub adjective: String,
    /// For nouns.
    pub noun: String,
}

impl Default for Prompts {
    /// The prompts of VQCT, section 3.1, word for word.
    fn default() -> Self {
        Self { adjective: "a photo of {w} object".into(), noun: "a photo of {w}".into() }
    }
}

impl Prompts {
    /// Checks that each template has exactly one `{w}`.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] for a template with none or several.
    pub fn check(&self) -> Result<(), PriorError> {
        for (field, template) in [("adjective", &self.adjective), ("noun", &self.noun)] {
            if template.matches(PLACEHOLDER).count() != 1 {
                return Err(PriorError::invalid("prompts", field, "one {w}", format!("{template:?}")));
            }
        }
        Ok(())
    }

    /// The prompt of a word.
    pub fn fill(&self, word: &str, part_of_speech: PartOfSpeech) -> String {
        let template = match part_of_speech {
            PartOfSpeech::Adjective => &self.adjective,
            PartOfSpeech::Noun => &self.noun,
        };
        template.replace(PLACEHOLDER, word)
    }
}
