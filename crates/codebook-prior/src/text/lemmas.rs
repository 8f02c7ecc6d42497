//! WordNet's words, as taggers and lemmatizers need them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use super::morphy::Morphy;
use super::table::Table;
use super::word_class::WordClass;
use crate::error::PriorError;

/// WordNet's words: the classes of each word, how often it was tagged in WordNet's concordance texts, and its irregular
/// forms.
///
/// Taggers and lemmatizers need no more of WordNet than this; it is small enough to be embedded ([`Lemmas::embedded`]).
/// Nouns include compounds, with `_` for the space.
#[derive(Debug, Clone)]
pub struct Lemmas {
    /// One lemmatizer per class, in the order of the enum.
    classes: [Morphy; 4],
    /// Nouns and adjectives that are only written with a capital.
    names: HashSet<String>,
}

/// A form as a member of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lemma {
    /// The base form, in lower case.
    pub text: String,
    /// How often the base form was tagged in WordNet's concordance texts.
    pub count: u64,
    /// Whether the base form is a common word or only a name.
    pub spelling: Spelling,
}

/// How WordNet spells a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// In lower case: a common word.
    Common,
    /// With a capital: a name.
    Proper,
}

impl Lemmas {
    /// Joins the lemmatizers of the four classes; `names` are the nouns and adjectives that are only written with a
    /// capital, in lower case.
    pub fn new(nouns: Morphy, adjectives: Morphy, verbs: Morphy, adverbs: Morphy, names: HashSet<String>) -> Self {
        Self { classes: [nouns, adjectives, verbs, adverbs], names }
    }

    /// The embedded words of WordNet 3.0 (licence: `assets/LICENSES.md`).
    ///
    /// # Errors
    /// None, unless the binary was built from a broken asset: [`PriorError::File`] or [`PriorError::Line`].
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, PriorError> {
        use std::io::Read as _;

        use vq_file::FileError;

        const PACKED: &[u8] = include_bytes!("../../assets/lemmas.txt.gz");
        let path = Path::new("the embedded lemmas.txt");
        let mut text = String::new();
        flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text).map_err(FileError::io("unpack", path))?;
        Self::from_text(&text, path)
    }

    /// Reads what [`Lemmas::to_text`] writes; errors name `path`.
    ///
    /// # Errors
    /// [`PriorError::Line`] for a line without the format.
    pub fn from_text(text: &str, path: &Path) -> Result<Self, PriorError> {
        let table = Table::new(path, text);
        let mut counts: [Vec<(String, u64)>; 4] = Default::default();
        let mut exceptions: [HashMap<String, Vec<String>>; 4] = Default::default();
        let mut names = HashSet::new();
        for (number, line) in table.lines() {
            let broken = || table.line_error(number, "`word class[count]..` or `!class form base..`", line);
            let mut fields = line.split(' ');
            let first = fields.next().filter(|first| !first.is_empty()).ok_or_else(broken)?;
            if let Some(class) = first.strip_prefix('!') {
                let class = class_of(class.chars().next()).ok_or_else(broken)?;
                let form = fields.next().ok_or_else(broken)?;
                exceptions[class as usize].insert(form.to_owned(), fields.map(str::to_owned).collect());
                continue;
            }
            for field in fields {
                let mut chars = field.chars();
                let letter = chars.next().ok_or_else(broken)?;
                let class = class_of(Some(letter.to_ascii_lowercase())).ok_or_else(broken)?;
                let count = match chars.as_str() {
                    "" => 0,
                    digits => digits.parse().map_err(|_| broken())?,
                };
                if letter.is_ascii_uppercase() {
                    names.insert(first.to_owned());
                }
                counts[class as usize].push((first.to_owned(), count));
            }
        }
        let [nouns, adjectives, verbs, adverbs] = counts;
        let [noun_forms, adjective_forms, verb_forms, adverb_forms] = exceptions;
        Ok(Self::new(
            Morphy::new(WordClass::Noun, noun_forms, nouns),
            Morphy::new(WordClass::Adjective, adjective_forms, adjectives),
            Morphy::new(WordClass::Verb, verb_forms, verbs),
            Morphy::new(WordClass::Adverb, adverb_forms, adverbs),
            names,
        ))
    }

    /// The text form: a line per word, `red a20 n1` (a count of 0 is left out, a capital class marks a name), then a
    /// line per irregular form, `!n children child`; sorted, so that the same words give the same bytes.
    pub fn to_text(&self) -> String {
        let mut words: BTreeMap<&str, String> = BTreeMap::new();
        let mut text = String::new();
        for class in WordClass::ALL {
            for (word, count) in self.class(class).counts() {
                let is_name = self.names.contains(word);
                let letter = if is_name { letter(class).to_ascii_uppercase() } else { letter(class) };
                let count = if count == 0 { String::new() } else { count.to_string() };
                let line = words.entry(word).or_default();
                // Writing to a string cannot fail.
                let _ = write!(line, " {letter}{count}");
            }
        }
        for (word, classes) in words {
            let _ = writeln!(text, "{word}{classes}");
        }
        for class in WordClass::ALL {
            let forms: BTreeMap<&str, &[String]> = self.class(class).exceptions().collect();
            for (form, bases) in forms {
                let _ = writeln!(text, "!{} {form} {}", letter(class), bases.join(" "));
            }
        }
        text
    }

    /// The lemmatizer of a class.
    pub fn class(&self, class: WordClass) -> &Morphy {
        &self.classes[class as usize]
    }

    /// The likeliest base form of a lower-case form as a member of a class; `None` for an unknown form.
    pub fn lemma(&self, class: WordClass, form: &str) -> Option<Lemma> {
        let morphy = self.class(class);
        let text = morphy.lemma(form)?;
        let count = morphy.count(&text).unwrap_or(0);
        let spelling = if self.names.contains(&text) { Spelling::Proper } else { Spelling::Common };
        Some(Lemma { text, count, spelling })
    }
}

/// The letter of a class in the text form; a capital marks a word that is only a name.
fn letter(class: WordClass) -> char {
    match class {
        WordClass::Noun => 'n',
        WordClass::Verb => 'v',
        WordClass::Adjective => 'a',
        WordClass::Adverb => 'r',
    }
}

fn class_of(letter: Option<char>) -> Option<WordClass> {
    WordClass::ALL.into_iter().find(|class| Some(self::letter(*class)) == letter)
}
