use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::text_file::TextFile;
use crate::wordnet::{read_exceptions, records};
use crate::{Morphy, PriorError, Spelling, WordClass, WordNet};

/// WordNet's words: which classes each belongs to, how often it was tagged there, and its irregular forms.
///
/// It is what a tagger and a lemmatizer need of WordNet, small enough to be carried along ([`Lemmas::embedded`]).
/// Nouns include those of several words, with `_` for the space.
#[derive(Debug, Clone)]
pub struct Lemmas {
    classes: [Morphy; 4],
    /// Nouns and adjectives that are only written with a capital.
    names: HashSet<String>,
}

/// What a form means as a member of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lemma {
    /// The base form, in lower case.
    pub text: String,
    /// How often it was tagged in WordNet's concordance texts.
    pub count: u64,
    /// Whether it is a common word or only a name.
    pub spelling: Spelling,
}

/// The letter of a class in the text form; capital for what is only a name.
fn letter(class: WordClass) -> char {
    match class {
        WordClass::Noun => 'n',
        WordClass::Verb => 'v',
        WordClass::Adjective => 'a',
        WordClass::Adverb => 'r',
    }
}

fn index(class: WordClass) -> usize {
    class as usize
}

impl Lemmas {
    /// The words of WordNet 3.0 that the crate carries (`assets/LICENSES.md` has their licence).
    ///
    /// # Errors
    /// None, unless the binary was built from a broken asset: [`PriorError::Line`].
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, PriorError> {
        use std::io::Read as _;

        const PACKED: &[u8] = include_bytes!("../assets/lemmas.txt.gz");
        let path = Path::new("the embedded lemmas.txt");
        let mut text = String::new();
        let io = |source| PriorError::Io { op: "unpack", path: path.to_owned(), source };
        flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text).map_err(io)?;
        Self::from_text(text, path)
    }

    /// Reads WordNet's folder: `index.*`, `*.exc`, `cntlist.rev` and the data files of nouns and adjectives, which say
    /// what is a name (wndb(5WN), cntlist(5WN)).
    ///
    /// # Errors
    /// [`PriorError::Io`] for a file that is not there, [`PriorError::Line`] for a line that has another format.
    pub fn open(folder: &Path) -> Result<Self, PriorError> {
        let wordnet = WordNet::open(folder)?;
        let mut names = HashSet::new();
        for dictionary in [&wordnet.nouns, &wordnet.adjectives] {
            let only_names = dictionary
                .senses
                .iter()
                .filter(|(_, senses)| senses.iter().all(|sense| sense.spelling == Spelling::Proper));
            names.extend(only_names.map(|(lemma, _)| lemma.clone()));
        }
        let counts = TextFile::read(folder.join("cntlist.rev"))?;
        let verbs = plain_dictionary(folder, WordClass::Verb, &counts)?;
        let adverbs = plain_dictionary(folder, WordClass::Adverb, &counts)?;
        let single = |(word, _): &(String, u64)| !word.contains('_');
        let owned = |morphy: &Morphy| -> Vec<(String, u64)> {
            morphy.counts().map(|(word, count)| (word.to_owned(), count)).collect()
        };
        let exceptions = |morphy: &Morphy| -> HashMap<String, Vec<String>> {
            morphy.exceptions().map(|(form, bases)| (form.to_owned(), bases.to_vec())).collect()
        };
        let (nouns, adjectives) = (&wordnet.nouns.morphy, &wordnet.adjectives.morphy);
        let adjectives =
            Morphy::new(WordClass::Adjective, exceptions(adjectives), owned(adjectives).into_iter().filter(single));
        // A name in one class may be a common word in the other.
        names.retain(|name| {
            let common = |senses: Option<&Vec<crate::Sense>>| {
                senses.into_iter().flatten().any(|sense| sense.spelling == Spelling::Common)
            };
            !common(wordnet.nouns.senses.get(name)) && !common(wordnet.adjectives.senses.get(name))
        });
        Ok(Self { classes: [nouns.clone(), adjectives, verbs, adverbs], names })
    }

    /// Reads what [`Lemmas::to_text`] writes; `path` is for messages.
    ///
    /// # Errors
    /// [`PriorError::Line`] for a line that has another format.
    pub fn from_text(text: String, path: &Path) -> Result<Self, PriorError> {
        let file = TextFile { path: path.to_owned(), text, sha256: String::new() };
        let mut counts: [Vec<(String, u64)>; 4] = Default::default();
        let mut exceptions: [HashMap<String, Vec<String>>; 4] = Default::default();
        let mut names = HashSet::new();
        for (at, line) in file.text.lines().enumerate() {
            let broken = || file.line_error(at + 1, "`word class[count]..` or `!class form base..`", line);
            let mut fields = line.split(' ');
            let first = fields.next().filter(|first| !first.is_empty()).ok_or_else(broken)?;
            if let Some(class) = first.strip_prefix('!') {
                let class = class_of(class.chars().next()).ok_or_else(broken)?;
                let form = fields.next().ok_or_else(broken)?;
                exceptions[index(class)].insert(form.to_owned(), fields.map(str::to_owned).collect());
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
                counts[index(class)].push((first.to_owned(), count));
            }
        }
        let [noun, adjective, verb, adverb] = counts;
        let [noun_forms, adjective_forms, verb_forms, adverb_forms] = exceptions;
        let classes = [
            Morphy::new(WordClass::Noun, noun_forms, noun),
            Morphy::new(WordClass::Adjective, adjective_forms, adjective),
            Morphy::new(WordClass::Verb, verb_forms, verb),
            Morphy::new(WordClass::Adverb, adverb_forms, adverb),
        ];
        Ok(Self { classes, names })
    }

    /// The text form: a line per word, `red a20 n1` (a zero is left out, a capital class marks a name), then a line per
    /// irregular form, `!n children child`; sorted, so that the same words give the same bytes.
    pub fn to_text(&self) -> String {
        let mut words: BTreeMap<&str, String> = BTreeMap::new();
        let mut text = String::new();
        for class in WordClass::ALL {
            for (word, count) in self.class(class).counts() {
                let named = self.names.contains(word);
                let letter = if named { letter(class).to_ascii_uppercase() } else { letter(class) };
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
        &self.classes[index(class)]
    }

    /// The likeliest base form of a lower-case form as a member of a class; `None` for an unknown one.
    pub fn lemma(&self, class: WordClass, form: &str) -> Option<Lemma> {
        let morphy = self.class(class);
        let text = morphy.lemma(form)?;
        let count = morphy.count(&text).unwrap_or(0);
        let spelling = if self.names.contains(&text) { Spelling::Proper } else { Spelling::Common };
        Some(Lemma { text, count, spelling })
    }
}

fn class_of(letter: Option<char>) -> Option<WordClass> {
    WordClass::ALL.into_iter().find(|class| Some(self::letter(*class)) == letter)
}

/// The words of a class whose senses do not matter: verbs and adverbs.
fn plain_dictionary(folder: &Path, class: WordClass, counts: &TextFile) -> Result<Morphy, PriorError> {
    let (suffix, kind) = match class {
        WordClass::Noun => ("noun", '1'),
        WordClass::Verb => ("verb", '2'),
        WordClass::Adjective => ("adj", '3'),
        WordClass::Adverb => ("adv", '4'),
    };
    let words = TextFile::read(folder.join(format!("index.{suffix}")))?;
    let exceptions = TextFile::read(folder.join(format!("{suffix}.exc")))?;
    let mut totals: HashMap<String, u64> = HashMap::new();
    for (at, line) in records(&words) {
        let lemma = line.split(' ').next().filter(|lemma| !lemma.is_empty());
        let lemma = lemma.ok_or_else(|| words.line_error(at, "`lemma type count .. offsets`", line))?;
        if !lemma.contains('_') {
            totals.insert(lemma.to_owned(), 0);
        }
    }
    for (at, line) in counts.text.lines().enumerate() {
        let parse = || {
            let (key, rest) = line.split_once(' ')?;
            let (lemma, sense) = key.split_once('%')?;
            let count: u64 = rest.split(' ').nth(1)?.parse().ok()?;
            Some((lemma, sense.starts_with(kind), count))
        };
        let Some((lemma, ours, count)) = parse() else {
            return Err(counts.line_error(at + 1, "`sense_key sense_number count`", line));
        };
        if let Some(total) = totals.get_mut(lemma).filter(|_| ours) {
            *total += count;
        }
    }
    Ok(Morphy::new(class, read_exceptions(&exceptions)?, totals))
}
