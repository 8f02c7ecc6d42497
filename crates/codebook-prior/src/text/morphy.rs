//! WordNet's lemmatizer.

use std::collections::HashMap;

use super::word_class::WordClass;

/// WordNet's rules of detachment for nouns (morphy(7WN)): an ending and its replacement.
const NOUN_RULES: [[&str; 2]; 8] =
    [["s", ""], ["ses", "s"], ["xes", "x"], ["zes", "z"], ["ches", "ch"], ["shes", "sh"], ["men", "man"], ["ies", "y"]];

/// The same for adjectives.
const ADJECTIVE_RULES: [[&str; 2]; 4] = [["er", ""], ["est", ""], ["er", "e"], ["est", "e"]];

/// The same for verbs. Doubled consonants (`running`) are in the list of exceptions.
const VERB_RULES: [[&str; 2]; 8] =
    [["s", ""], ["ies", "y"], ["es", "e"], ["es", ""], ["ed", "e"], ["ed", ""], ["ing", "e"], ["ing", ""]];

/// WordNet's lemmatizer for one word class (morphy(7WN)): a list of exceptions, then rules that replace endings;
/// results must be words of a dictionary.
///
/// It expects lower-case words.
#[derive(Debug, Clone)]
pub struct Morphy {
    class: WordClass,
    exceptions: HashMap<String, Vec<String>>,
    counts: HashMap<String, u64>,
}

impl Morphy {
    /// A lemmatizer over a dictionary. `counts` holds its words and how often each occurs (0 is allowed), `exceptions`
    /// the base forms of irregular words.
    pub fn new(
        class: WordClass,
        exceptions: HashMap<String, Vec<String>>,
        counts: impl IntoIterator<Item = (String, u64)>,
    ) -> Self {
        Self { class, exceptions, counts: counts.into_iter().collect() }
    }

    /// How often a base form occurs; `None` if the dictionary lacks it.
    pub fn count(&self, lemma: &str) -> Option<u64> {
        self.counts.get(lemma).copied()
    }

    /// Whether the list of exceptions has a form.
    pub fn is_irregular(&self, form: &str) -> bool {
        self.exceptions.contains_key(form)
    }

    /// The dictionary's words with their counts, in arbitrary order.
    pub fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.iter().map(|(word, count)| (word.as_str(), *count))
    }

    /// The irregular forms with their base forms, in arbitrary order.
    pub fn exceptions(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.exceptions.iter().map(|(form, bases)| (form.as_str(), bases.as_slice()))
    }

    /// All base forms of a word that the dictionary has: those of the list of exceptions, the word itself, then those
    /// of the rules; without duplicates, empty for an unknown word.
    pub fn lemmas(&self, word: &str) -> Vec<String> {
        let irregular = self.exceptions.get(word).into_iter().flatten().cloned();
        let mut lemmas = Vec::new();
        for lemma in irregular.chain([word.to_owned()]).chain(self.detached(word)) {
            if self.counts.contains_key(&lemma) && !lemmas.contains(&lemma) {
                lemmas.push(lemma);
            }
        }
        lemmas
    }

    /// The likeliest base form: the first exception if there is one, else the most frequent form, with ties broken in
    /// favour of the word itself; `None` for an unknown word.
    ///
    /// Counts decide because dictionaries list some plurals as words: `eyes` (a point of view) is a lemma, but in most
    /// texts it is the plural of `eye`. `jeans` and `news` stay as they are.
    pub fn lemma(&self, word: &str) -> Option<String> {
        let irregular = self.exceptions.get(word).into_iter().flatten();
        if let Some(lemma) = irregular.into_iter().find(|lemma| self.counts.contains_key(*lemma)) {
            return Some(lemma.clone());
        }
        let known = |lemma: String| self.count(&lemma).map(|count| Known { lemma, count });
        let mut best = self.count(word).map(|count| Known { lemma: word.to_owned(), count });
        for next in self.detached(word).filter_map(known) {
            // Ties keep the first candidate, and the word itself comes first.
            if best.as_ref().is_none_or(|best| next.count > best.count) {
                best = Some(next);
            }
        }
        best.map(|best| best.lemma)
    }

    /// The results of the rules, in the dictionary or not.
    fn detached(&self, word: &str) -> impl Iterator<Item = String> {
        let rules: &[[&str; 2]] = match self.class {
            WordClass::Noun => &NOUN_RULES,
            WordClass::Adjective => &ADJECTIVE_RULES,
            WordClass::Verb => &VERB_RULES,
            WordClass::Adverb => &[],
        };
        let noun = self.class == WordClass::Noun;
        // `boxesful` gives `boxful`. The final s of `grass` and `as` is not that of a plural.
        let (stem, tail) = match word.strip_suffix("ful") {
            Some(stem) if noun => (stem, "ful"),
            _ => (word, ""),
        };
        let rules = if noun && (stem.ends_with("ss") || stem.len() <= 2) { &[] } else { rules };
        let stems = rules.iter().filter_map(|[ending, base]| Some((stem.strip_suffix(ending)?, base)));
        stems.map(move |(stem, base)| format!("{stem}{base}{tail}"))
    }
}

/// A base form of the dictionary.
struct Known {
    lemma: String,
    count: u64,
}
