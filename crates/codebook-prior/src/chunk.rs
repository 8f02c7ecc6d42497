use std::collections::{BTreeMap, HashSet};

use crate::{PartOfSpeech, Recipe, Sense, Spelling, WordNet};

/// What a body of text says of adjectives and nouns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often each adjective was read, before a noun or apart.
    pub adjectives: BTreeMap<String, u64>,
    /// How often each noun was read, in base form.
    pub nouns: BTreeMap<String, u64>,
    /// How often each adjective stood immediately before each noun, or in its definition: adjective, then noun.
    pub pairs: BTreeMap<(String, String), u64>,
}

/// Finds noun phrases with nothing but a dictionary.
///
/// A phrase is a longest run of words that may be adjectives or nouns, unbroken by punctuation, by a function word or
/// by any other word. Its last word that may be a noun is its head; before the head, a word that may be an adjective is
/// one, and the others are nouns. An adjective immediately followed by a noun is a pair.
///
/// A word may be an adjective, or a noun, only where that reading makes up [`Recipe::minor_reading`] of what WordNet's
/// tagged texts say of the word: `small` is hardly ever a noun, `tree` never an adjective.
pub struct Chunker<'a> {
    wordnet: &'a WordNet,
    minor_reading: f64,
    function_words: HashSet<&'a str>,
}

/// A word of a phrase; nouns in base form.
struct Tagged {
    text: String,
    part: PartOfSpeech,
}

/// What a word may be; nouns come in base form.
enum Reading {
    Neither,
    Adjective,
    Noun(String),
    Either(String),
}

impl<'a> Chunker<'a> {
    /// A chunker that reads with WordNet's words and the recipe's function words.
    pub fn new(wordnet: &'a WordNet, recipe: &'a Recipe) -> Self {
        let function_words = recipe.function_words.iter().map(String::as_str).collect();
        Self { wordnet, minor_reading: recipe.minor_reading, function_words }
    }

    /// Adds the adjectives, nouns and pairs of a text to the tally, each counted `weight` times.
    pub fn read(&self, text: &str, weight: u64, tally: &mut Tally) {
        for phrase in self.phrases(text) {
            let mut before: Option<&Tagged> = None;
            for tagged in &phrase {
                if tagged.part == PartOfSpeech::Noun {
                    *tally.nouns.entry(tagged.text.clone()).or_default() += weight;
                    if let Some(adjective) = before.filter(|before| before.part == PartOfSpeech::Adjective) {
                        let pair = (adjective.text.clone(), tagged.text.clone());
                        *tally.pairs.entry(pair).or_default() += weight;
                    }
                } else {
                    *tally.adjectives.entry(tagged.text.clone()).or_default() += weight;
                }
                before = Some(tagged);
            }
        }
    }

    /// Adds a definition to the tally: its text, and a pair of each adjective of its first noun phrase with each of the
    /// words that it defines.
    ///
    /// `marmot` is a `stout burrowing rodent`: so a marmot is stout and burrowing, though no text says `stout marmot`.
    pub fn define(&self, words: &[String], text: &str, weight: u64, tally: &mut Tally) {
        self.read(text, weight, tally);
        let head = |phrase: &Vec<Tagged>| phrase.iter().rposition(|tagged| tagged.part == PartOfSpeech::Noun);
        let first = self.phrases(text).into_iter().find_map(|phrase| Some((head(&phrase)?, phrase)));
        let before_head = first.into_iter().flat_map(|(head, phrase)| phrase.into_iter().take(head));
        for tagged in before_head.filter(|tagged| tagged.part == PartOfSpeech::Adjective) {
            for word in words.iter().filter(|word| self.wordnet.nouns.senses.contains_key(*word)) {
                *tally.pairs.entry((tagged.text.clone(), word.clone())).or_default() += weight;
            }
        }
    }

    /// The phrases of a text, in order; one of adjectives alone has no head.
    fn phrases(&self, text: &str) -> Vec<Vec<Tagged>> {
        // Whatever is no word and no space breaks a phrase: a line of its own.
        let broken: String =
            text.chars().map(|c| if c.is_alphanumeric() || c == '-' || c == ' ' { c } else { '\n' }).collect();
        let mut phrases = Vec::new();
        for clause in broken.lines() {
            let mut run = Vec::new();
            for token in clause.split(' ').filter(|token| !token.is_empty()) {
                match self.reading(token) {
                    Reading::Neither => phrases.push(phrase(std::mem::take(&mut run))),
                    reading => run.push((token, reading)),
                }
            }
            phrases.push(phrase(run));
        }
        phrases
    }

    fn reading(&self, token: &str) -> Reading {
        let letters = |c: char| c.is_ascii_lowercase() || c == '-';
        if token.len() < 2 || !token.chars().all(letters) || self.function_words.contains(token) {
            return Reading::Neither;
        }
        let (nouns, adjectives) = (&self.wordnet.nouns, &self.wordnet.adjectives);
        let common =
            |senses: Option<&Vec<Sense>>| senses.into_iter().flatten().any(|sense| sense.spelling == Spelling::Common);
        let noun = nouns.morphy.lemma(token).filter(|lemma| common(nouns.senses.get(lemma)));
        let adjective = common(adjectives.senses.get(token));
        match (adjective, noun) {
            (false, None) => Reading::Neither,
            (true, None) => Reading::Adjective,
            (false, Some(noun)) => Reading::Noun(noun),
            (true, Some(noun)) => {
                // One tag is added to each reading, so that words never tagged stay open.
                let as_noun = (nouns.count(&noun) + 1) as f64;
                let as_adjective = (adjectives.count(token) + 1) as f64;
                let share = as_noun / (as_noun + as_adjective);
                if share < self.minor_reading {
                    Reading::Adjective
                } else if 1.0 - share < self.minor_reading {
                    Reading::Noun(noun)
                } else {
                    Reading::Either(noun)
                }
            }
        }
    }
}

/// The words of a run, each as what it is there.
fn phrase(run: Vec<(&str, Reading)>) -> Vec<Tagged> {
    let head = run.iter().rposition(|(_, reading)| matches!(reading, Reading::Noun(_) | Reading::Either(_)));
    let tag = |(at, (token, reading)): (usize, (&str, Reading))| match reading {
        Reading::Noun(text) => Tagged { text, part: PartOfSpeech::Noun },
        Reading::Either(text) if Some(at) == head => Tagged { text, part: PartOfSpeech::Noun },
        _ => Tagged { text: token.to_owned(), part: PartOfSpeech::Adjective },
    };
    run.into_iter().enumerate().map(tag).collect()
}
