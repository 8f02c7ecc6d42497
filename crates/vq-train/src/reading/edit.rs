//! Other words in the place of words.

use std::collections::BTreeMap;

use tch::Tensor;

use super::CodeWords;
use crate::TrainError;

/// A word, and the word that takes its place: `apple=lemon`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordReplacement {
    /// The word that goes.
    pub from: String,
    /// The word that comes.
    pub to: String,
}

/// Ids with other words.
#[derive(Debug)]
pub struct EditedIds {
    /// `[B, H, W, S]`.
    pub ids: Tensor,
    /// How many ids were replaced.
    pub replaced: i64,
}

impl std::str::FromStr for WordReplacement {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        match text.split_once('=').map(|(from, to)| (from.trim(), to.trim())) {
            Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok(Self { from: from.into(), to: to.into() }),
            _ => Err(TrainError::Words { expected: "two words, as in `apple=lemon`".into(), got: format!("`{text}`") }),
        }
    }
}

impl WordReplacement {
    /// Ids `[B, H, W, S]` of which each code of the one word is that of the other, as the same part of speech.
    ///
    /// All replacements see the ids as they came, so `apple=lemon` and `lemon=apple` exchange both.
    ///
    /// # Errors
    /// [`TrainError::Words`] if a word is no code, both have no part of speech in common, or a word is to become two.
    pub fn apply(all: &[Self], words: &CodeWords<'_>, ids: &Tensor) -> Result<EditedIds, TrainError> {
        let mut codes = BTreeMap::new();
        for replacement in all {
            for (from, to) in replacement.pairs(words)? {
                if codes.insert(from, to).is_some_and(|other| other != to) {
                    let expected = format!("one word in the place of `{}`", replacement.from);
                    return Err(TrainError::Words { expected, got: "two".into() });
                }
            }
        }
        let (mut edited, mut replaced) = (ids.copy(), 0);
        for (from, to) in codes {
            let places = ids.eq(from);
            replaced += places.sum(tch::Kind::Int64).int64_value(&[]);
            edited = edited.masked_fill(&places, to);
        }
        Ok(EditedIds { ids: edited, replaced })
    }

    /// The codes that go and those that come, group by group.
    fn pairs(&self, words: &CodeWords<'_>) -> Result<Vec<(i64, i64)>, TrainError> {
        let (from, to) = (words.find(&self.from)?, words.find(&self.to)?);
        let partner = |id: i64, group: &str| to.iter().find(|code| code.group == group).map(|code| (id, code.id));
        let pairs: Vec<(i64, i64)> = from.iter().filter_map(|code| partner(code.id, &code.group)).collect();
        if pairs.is_empty() {
            let expected = format!("a word that is {}, as `{}` is", from[0].group, self.from);
            return Err(TrainError::Words { expected, got: format!("`{}`, which is {}", self.to, to[0].group) });
        }
        Ok(pairs)
    }
}
