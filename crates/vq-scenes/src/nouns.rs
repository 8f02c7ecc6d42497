//! The nouns of captions.

use vq_data::DataError;

static TABLE: &str = include_str!("../assets/scene-nouns.tsv");

/// The noun of an emoji in captions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneNoun {
    /// Unicode's name of the emoji: `cat face`.
    pub emoji: &'static str,
    /// The singular: `cat`.
    pub singular: &'static str,
    /// The plural: `cats`.
    pub plural: &'static str,
}

/// The nouns of all scenes, each once.
///
/// No noun is a hypernym of another one (there is an eagle and no bird), so counts are true.
///
/// # Errors
///
/// If a line of the embedded table does not have three fields separated by tabs, or a noun occurs twice; it would be a
/// bug of this crate.
pub fn scene_nouns() -> Result<Vec<SceneNoun>, DataError> {
    let mut nouns: Vec<SceneNoun> = Vec::new();
    for (number, line) in TABLE.lines().enumerate().skip(1) {
        let refuse = |expected: &str, got: &str| {
            DataError::unexpected(format!("read scene-nouns.tsv, line {}", number + 1), expected, got)
        };
        let fields: Vec<&str> = line.split('\t').collect();
        let [emoji, singular, plural] = fields[..] else {
            return Err(refuse("emoji, singular and plural, separated by tabs", line));
        };
        if emoji.is_empty() || singular.is_empty() || plural.is_empty() {
            return Err(refuse("fields that are not empty", line));
        }
        if nouns.iter().any(|other| other.singular == singular) {
            return Err(refuse("each noun once", singular));
        }
        nouns.push(SceneNoun { emoji, singular, plural });
    }
    Ok(nouns)
}

/// `a` or `an`, by the first sound of a word of captions.
pub(crate) fn article(word: &str) -> &'static str {
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u']);
    let is_yu = word.starts_with("uni");
    let silent_h = word.starts_with("hour");
    if (vowel && !is_yu) || silent_h { "an" } else { "a" }
}
