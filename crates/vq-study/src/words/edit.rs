//! Words replaced by other words.

use std::collections::BTreeMap;

use tch::Tensor;
use vq_pipeline::PipelineError;

use super::CodeWords;
use crate::StudyError;

/// A word and its replacement: `apple=lemon`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordReplacement {
    /// The word.
    pub from: String,
    /// Its replacement.
    pub to: String,
}

/// Ids with replaced words.
#[derive(Debug)]
pub struct EditedIds {
    /// `[B, H, W, S]`.
    pub ids: Tensor,
    /// The number of replaced ids.
    pub replaced: i64,
}

impl std::str::FromStr for WordReplacement {
    type Err = StudyError;

    fn from_str(text: &str) -> Result<Self, StudyError> {
        match text.split_once('=').map(|(from, to)| (from.trim(), to.trim())) {
            Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok(Self { from: from.into(), to: to.into() }),
            _ => {
                let expected = "two words, as in `apple=lemon`".into();
                Err(PipelineError::Words { expected, got: format!("`{text}`") }.into())
            }
        }
    }
}

impl WordReplacement {
    /// Replaces in ids `[B, H, W, S]` each code of a word by that of its replacement of the same part of speech.
    ///
    /// All replacements see the original ids, so `apple=lemon` and `lemon=apple` exchange both.
    ///
    /// # Errors
    /// [`StudyError::Pipeline`] if a word is not a code, both have no part of speech in common, or a word has two
    /// replacements.
    pub fn apply(all: &[Self], words: &CodeWords<'_>, ids: &Tensor) -> Result<EditedIds, StudyError> {
        let mut codes = BTreeMap::new();
        for replacement in all {
            for (from, to) in replacement.pairs(words)? {
                if codes.insert(from, to).is_some_and(|other| other != to) {
                    let expected = format!("one replacement of `{}`", replacement.from);
                    return Err(PipelineError::Words { expected, got: "two".into() }.into());
                }
            }
        }
        let (mut edited, mut replaced) = (ids.copy(), 0);
        for (from, to) in codes {
            let chosen = ids.eq(from);
            replaced += chosen.sum(tch::Kind::Int64).int64_value(&[]);
            edited = edited.masked_fill(&chosen, to);
        }
        Ok(EditedIds { ids: edited, replaced })
    }

    /// Codes and their replacements, group by group.
    fn pairs(&self, words: &CodeWords<'_>) -> Result<Vec<(i64, i64)>, StudyError> {
        let (from, to) = (words.find(&self.from)?, words.find(&self.to)?);
        let partner = |id: i64, group: &str| to.iter().find(|code| code.group == group).map(|code| (id, code.id));
        let pairs: Vec<(i64, i64)> = from.iter().filter_map(|code| partner(code.id, &code.group)).collect();
        if pairs.is_empty() {
            let expected = format!("a word that is {}, like `{}`", from[0].group, self.from);
            let got = format!("`{}`, which is {}", self.to, to[0].group);
            return Err(PipelineError::Words { expected, got }.into());
        }
        Ok(pairs)
    }
}
