//! A part-of-speech tagger on WordNet's counts.

mod closed_class;
mod grammar;
mod guess;
mod lattice;
mod repair;

use std::borrow::Cow;

use closed_class::ClosedClass;
use grammar::Grammar;
use guess::{Shape, guess, read_shape};
use lattice::Lattice;
pub use lattice::TagCandidate;
use repair::{restore_heads, restore_verbs};

use crate::error::PriorError;
use crate::text::{Lemma, Lemmas, Spelling, Tag, Tagger, WordClass};

/// A tagger on WordNet's counts and a hand-written grammar: a hidden Markov model.
///
/// The possible tags of a word come from its counts as noun, verb, adjective and adverb in WordNet's concordance texts,
/// from a list of words of closed classes, and for unknown words from their endings. A table of tag transitions decides
/// between them.
#[derive(Debug, Clone)]
pub struct WordNetTagger {
    lemmas: Lemmas,
    closed: ClosedClass,
    grammar: Grammar,
}

/// Added to each count, so that no possible tag has weight 0.
const UNSEEN: f32 = 0.5;

// WordNet counts base forms; these are rough shares of their inflected forms in English.
const SINGULAR: f32 = 0.7;
const PLURAL: f32 = 0.3;
const GRADED: f32 = 0.05;
const BASE: f32 = 0.22;
const PRESENT: f32 = 0.13;
const THIRD: f32 = 0.1;
const GERUND: f32 = 0.15;
/// Of the past tense and of the participle, each.
const PAST: f32 = 0.2;

/// What a capital letter at the start of a word indicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capital {
    /// There is none.
    No,
    /// The word starts a sentence, or all words have capitals: weak evidence of a name.
    Weak,
    /// Strong evidence of a name.
    Strong,
}

impl WordNetTagger {
    /// A tagger over the given words.
    ///
    /// # Errors
    /// None, unless the binary was built from broken assets: [`PriorError::Line`].
    pub fn new(lemmas: Lemmas) -> Result<Self, PriorError> {
        Ok(Self { lemmas, closed: ClosedClass::embedded()?, grammar: Grammar::embedded()? })
    }

    /// The words of the tagger.
    pub fn lemmas(&self) -> &Lemmas {
        &self.lemmas
    }

    /// Whether the tags of a word are in the tagger's hand-written list of closed classes.
    pub fn is_listed(&self, word: &str) -> bool {
        self.closed.get(&word.to_lowercase()).is_some()
    }

    /// Tags a sentence as [`Tagger::tag`] does. `reweight` gets the index and the candidates of each word and may change
    /// their weights, for instance by the predictions of another model. Weights must stay above 0.
    pub fn tag_reweighted(
        &self,
        words: &[&str],
        tags: &mut Vec<Tag>,
        mut reweight: impl FnMut(usize, &mut [TagCandidate]),
    ) {
        let mut lattice = Lattice::default();
        let capitals = words.iter().filter(|word| starts_upper(word)).count();
        let letters = words.iter().filter(|word| word.starts_with(char::is_alphabetic)).count();
        let mostly_capitals = letters > 1 && capitals * 10 > letters * 6;
        let mut start = true;
        for (at, word) in words.iter().enumerate() {
            let capital = match (starts_upper(word), start || mostly_capitals) {
                (false, _) => Capital::No,
                (true, true) => Capital::Weak,
                (true, false) => Capital::Strong,
            };
            self.read(word, capital, &mut lattice);
            reweight(at, lattice.current());
            lattice.end_word();
            start = matches!(*word, "." | "!" | "?" | ":" | "\"" | "``" | "(")
                || (start && !word.starts_with(char::is_alphanumeric));
        }
        self.grammar.best_path(&mut lattice, tags);
        restore_heads(words, &lattice, tags);
        restore_verbs(&lattice, tags);
    }

    /// Adds the candidates of a word to the lattice.
    fn read(&self, word: &str, capital: Capital, lattice: &mut Lattice) {
        if read_shape(word, lattice) == Shape::Other {
            return;
        }
        let form: Cow<'_, str> =
            if word.chars().any(char::is_uppercase) { word.to_lowercase().into() } else { word.into() };
        if let Some(shares) = self.closed.get(&form) {
            let scale = if capital == Capital::Strong { 0.8 } else { 1.0 };
            shares.iter().for_each(|share| lattice.add(share.tag, share.share * scale / 100.0));
            if capital == Capital::Strong {
                lattice.add(Tag::Name, 0.2);
            }
            return;
        }
        self.look_up(&form, lattice);
        let known = !lattice.current().is_empty();
        if !known {
            guess(&form, lattice);
        }
        if capital != Capital::No {
            add_name(known, capital, lattice);
        }
    }

    /// Adds the candidates that WordNet has of a lower-case form; none for an unknown form.
    fn look_up(&self, form: &str, lattice: &mut Lattice) {
        if let Some(noun) = self.lemmas.lemma(WordClass::Noun, form) {
            let weight = noun.count as f32 + UNSEEN;
            let name = noun.spelling == Spelling::Proper;
            let (singular, plural) = if name { (Tag::Name, Tag::NamePlural) } else { (Tag::Noun, Tag::NounPlural) };
            if noun.text == form {
                lattice.add(singular, SINGULAR * weight);
            }
            if noun.text != form || may_be_plural(form) {
                lattice.add(plural, PLURAL * weight);
            }
        }
        if let Some(adjective) = self.lemmas.lemma(WordClass::Adjective, form) {
            self.add_adjective(form, &adjective, lattice);
        }
        if let Some(verb) = self.lemmas.lemma(WordClass::Verb, form) {
            self.add_verb(form, &verb, lattice);
        }
        if let Some(adverb) = self.lemmas.lemma(WordClass::Adverb, form) {
            lattice.add(Tag::Adverb, adverb.count as f32 + UNSEEN);
        }
    }

    fn add_adjective(&self, form: &str, adjective: &Lemma, lattice: &mut Lattice) {
        let mut weight = adjective.count as f32 + UNSEEN;
        if adjective.count == 0 && form.ends_with("ing") {
            weight *= 0.1; // `wearing`: an adjective in WordNet, but rarely in texts
        }
        if adjective.spelling == Spelling::Proper {
            weight *= 3.0; // `Spanish`: the language in WordNet's texts, an adjective in captions
        }
        if adjective.text == form {
            lattice.add(Tag::Adjective, weight);
        } else {
            let tag = if form.ends_with('r') { Tag::Comparative } else { Tag::Superlative };
            lattice.add(tag, GRADED * weight);
        }
    }

    fn add_verb(&self, form: &str, verb: &Lemma, lattice: &mut Lattice) {
        let weight = verb.count as f32 + UNSEEN;
        if verb.text == form {
            lattice.add(Tag::Verb, BASE * weight);
            lattice.add(Tag::VerbPresent, PRESENT * weight);
        } else if form.ends_with("ing") {
            lattice.add(Tag::Gerund, GERUND * weight);
        } else if form.ends_with('s') && !self.lemmas.class(WordClass::Verb).is_irregular(form) {
            lattice.add(Tag::VerbThird, THIRD * weight);
        } else {
            lattice.add(Tag::VerbPast, PAST * weight);
            lattice.add(Tag::Participle, PAST * weight);
        }
    }
}

/// Adds the candidates of a capitalized word as a name.
fn add_name(known: bool, capital: Capital, lattice: &mut Lattice) {
    let candidates = lattice.current();
    let all: f32 = candidates.iter().map(|candidate| candidate.weight).sum();
    let has = |tag| candidates.iter().any(|candidate| candidate.tag == tag);
    let plural = has(Tag::NounPlural);
    // `American` has a capital in WordNet as noun and as adjective, so that the capital decides nothing.
    let undecided = has(Tag::Adjective) && (has(Tag::Name) || has(Tag::NamePlural));
    match capital {
        Capital::Weak => lattice.add(Tag::Name, all * if known { 0.1 } else { 3.0 }),
        Capital::Strong if plural => {
            lattice.add(Tag::Name, 2.0 * all);
            lattice.add(Tag::NamePlural, all);
        }
        Capital::Strong if !undecided => lattice.add(Tag::Name, 6.0 * all),
        Capital::Strong | Capital::No => {}
    }
}

/// Whether a noun that is its own base form may also be a plural: `jeans`, but not `glass` or `bus`.
fn may_be_plural(form: &str) -> bool {
    form.ends_with('s') && !["ss", "us", "is"].iter().any(|ending| form.ends_with(ending))
}

fn starts_upper(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

impl Tagger for WordNetTagger {
    fn tag(&self, words: &[&str], tags: &mut Vec<Tag>) {
        self.tag_reweighted(words, tags, |_, _| {});
    }

    fn name(&self) -> &'static str {
        "WordNet's counts and a grammar by hand"
    }
}
