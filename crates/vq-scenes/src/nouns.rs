use crate::DataError;

static TABLE: &str = include_str!("../../assets/scene-nouns.tsv");

/// What an emoji is called in captions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneNoun {
    /// Unicode's name of the emoji: `cat face`.
    pub emoji: &'static str,
    /// One of it: `cat`.
    pub singular: &'static str,
    /// More of it: `cats`.
    pub plural: &'static str,
}

/// The things that scenes are made of, each noun once.
///
/// No noun names what another one is a kind of (there is an eagle and no bird), so that counts are true.
///
/// # Errors
///
/// If the table has a line that is not of three words with tabs between, or a noun twice; it would be a fault of this
/// crate.
pub fn scene_nouns() -> Result<Vec<SceneNoun>, DataError> {
    let mut nouns: Vec<SceneNoun> = Vec::new();
    for (number, line) in TABLE.lines().enumerate().skip(1) {
        let refuse = |expected: &str, got: &str| {
            DataError::unexpected(format!("read scene-nouns.tsv, line {}", number + 1), expected, got)
        };
        let fields: Vec<&str> = line.split('\t').collect();
        let [emoji, singular, plural] = fields[..] else {
            return Err(refuse("emoji, singular and plural, with tabs between", line));
        };
        if emoji.is_empty() || singular.is_empty() || plural.is_empty() {
            return Err(refuse("words that are not empty", line));
        }
        if nouns.iter().any(|other| other.singular == singular) {
            return Err(refuse("each noun once", singular));
        }
        nouns.push(SceneNoun { emoji, singular, plural });
    }
    Ok(nouns)
}

/// `a` or `an`, by the sound that a word of the scenes' captions begins with.
pub(super) fn article(word: &str) -> &'static str {
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u']);
    let says_you = word.starts_with("uni");
    let silent_h = word.starts_with("hour");
    if (vowel && !says_you) || silent_h { "an" } else { "a" }
}
