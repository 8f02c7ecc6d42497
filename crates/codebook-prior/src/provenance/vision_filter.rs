//! Which words of captions describe visible things.

use serde::{Deserialize, Serialize};

/// The rules that keep words of visible things (VQCT section 3.1, "vision-related codebook").
///
/// The first rule that decides counts: deny list, allow list, spelling, count, WordNet's lexicographer files,
/// similarity to seed words. A word that passes all rules is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VisionFilter {
    /// The minimum count of an adjective. The paper keeps counts above 10 (section 4.1).
    pub adjective_count: u64,
    /// The minimum count of a noun.
    pub noun_count: u64,
    /// WordNet's lexicographer files of visible things; an empty list skips this rule.
    pub files: Vec<String>,
    /// The minimum share of a word's tagged senses that must be in these files.
    pub file_share: f64,
    /// What happens to words that WordNet lacks, if `files` is not empty.
    pub unknown: UnknownWords,
    /// Which spellings are allowed.
    pub writing: Writing,
    /// Words that are always kept: `orange` in any part of speech, `orange/adjective` in one.
    pub allow: Vec<String>,
    /// Words that are always dropped, in the same form.
    pub deny: Vec<String>,
    /// Seed words to which a word must be similar in the language model.
    pub seeds: Option<Seeds>,
}

/// What happens to words that WordNet lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownWords {
    /// They pass the rule.
    #[default]
    Pass,
    /// They are dropped.
    Drop,
}

/// Which spellings are allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Writing {
    /// All.
    #[default]
    Any,
    /// Three or more letters from `a` to `z` and nothing else: excludes `p.m.`, `three-year-old` and `bc`.
    Letters,
}

impl Writing {
    /// Whether a word has an allowed spelling.
    pub fn admits(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Letters => text.len() >= 3 && text.bytes().all(|byte| byte.is_ascii_lowercase()),
        }
    }
}

/// Words to which a word must be similar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// Seeds of adjectives.
    pub adjectives: Vec<String>,
    /// Seeds of nouns.
    pub nouns: Vec<String>,
    /// The minimum cosine between the vectors of a word and of the nearest seed of its part of speech.
    pub cosine: f32,
}

impl Default for VisionFilter {
    /// The paper's minimum counts and no other rule.
    fn default() -> Self {
        Self {
            adjective_count: 11,
            noun_count: 11,
            files: Vec::new(),
            file_share: 0.5,
            unknown: UnknownWords::Pass,
            writing: Writing::Any,
            allow: Vec::new(),
            deny: Vec::new(),
            seeds: None,
        }
    }
}
