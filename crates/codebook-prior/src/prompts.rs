use serde::{Deserialize, Serialize};

use crate::{PartOfSpeech, PriorError, Term};

/// What stands for the word in a prompt.
const PLACE: &str = "{w}";

/// The texts that words are set into before a text encoder reads them: `{w}` is the word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prompts {
    /// For adjectives.
    pub adjective: String,
    /// For nouns.
    pub noun: String,
}

impl Default for Prompts {
    /// Those of VQCT, section 3.1, word for word.
    fn default() -> Self {
        Self { adjective: "a photo of {w} object".into(), noun: "a photo of {w}".into() }
    }
}

impl Prompts {
    /// Whether each prompt has exactly one `{w}`.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] for a prompt that has none or several.
    pub fn check(&self) -> Result<(), PriorError> {
        for (field, prompt) in [("adjective", &self.adjective), ("noun", &self.noun)] {
            if prompt.matches(PLACE).count() != 1 {
                return Err(PriorError::invalid("prompts", field, "one {w}", format!("{prompt:?}")));
            }
        }
        Ok(())
    }

    /// The prompt of a word.
    pub fn fill(&self, term: Term<'_>) -> String {
        let prompt = match term.part_of_speech {
            PartOfSpeech::Adjective => &self.adjective,
            PartOfSpeech::Noun => &self.noun,
        };
        prompt.replace(PLACE, term.text)
    }
}
