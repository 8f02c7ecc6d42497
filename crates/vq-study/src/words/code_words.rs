//! The words of a tokenizer's codes.

use std::ops::Range;

use codebook_prior::PriorGraph;
use vq_core::Layout;
use vq_pipeline::{PipelineError, TokenizerState};

use crate::StudyError;

/// The words of a tokenizer whose codes are words.
#[derive(Debug, Clone, Copy)]
pub struct CodeWords<'a> {
    prior: &'a PriorGraph,
    layout: &'a Layout,
}

/// A code that is a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeWord {
    /// The id of the code.
    pub id: i64,
    /// The name of its group.
    pub group: String,
    /// The index of its group among the groups.
    pub group_index: usize,
    /// All codes of its group.
    pub codes: Range<i64>,
    /// The word.
    pub text: String,
}

impl<'a> CodeWords<'a> {
    /// The words of a tokenizer's codes.
    ///
    /// # Errors
    /// [`StudyError::Pipeline`] if its codes are not words.
    pub fn of(state: &'a TokenizerState) -> Result<Self, StudyError> {
        let expected = "a tokenizer whose codes are words".to_owned();
        let refuse = || PipelineError::Words { expected, got: "one whose codes are not words".into() };
        Ok(Self { prior: state.prior.as_ref().ok_or_else(refuse)?, layout: state.tokenizer.layout() })
    }

    /// The words themselves.
    pub fn prior(&self) -> &'a PriorGraph {
        self.prior
    }

    /// The code of an id.
    pub fn code(&self, id: i64) -> Option<CodeWord> {
        let word = self.prior.words().get(usize::try_from(id).ok()?)?;
        let groups = self.layout.groups();
        let group_index = groups.iter().position(|slot| slot.codes.contains(&id))?;
        let slot = groups[group_index];
        Some(CodeWord {
            id,
            group: slot.group.clone(),
            group_index,
            codes: slot.codes.clone(),
            text: word.text.clone(),
        })
    }

    /// The codes of a word, one for each of its parts of speech.
    ///
    /// # Errors
    /// [`StudyError::Pipeline`] with the most similar words if it has none.
    pub fn find(&self, word: &str) -> Result<Vec<CodeWord>, StudyError> {
        let wanted = word.trim();
        let matching = (0..).zip(self.prior.words()).filter(|(_, known)| known.text.eq_ignore_ascii_case(wanted));
        let found: Vec<CodeWord> = matching.filter_map(|(id, _)| self.code(id)).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let mut known: Vec<(f64, &str)> = self
            .prior
            .words()
            .iter()
            .map(|known| (strsim::jaro_winkler(wanted, &known.text), known.text.as_str()))
            .collect();
        known.sort_by(|a, b| b.0.total_cmp(&a.0));
        known.dedup_by_key(|(_, word)| *word);
        let similar: Vec<String> = known.iter().take(3).map(|(_, word)| format!("`{word}`")).collect();
        let expected = format!("a word that is a code, such as {}", similar.join(", "));
        Err(PipelineError::Words { expected, got: format!("`{wanted}`") }.into())
    }
}
