use std::borrow::Cow;

use super::Tagger;
use super::closed_class::ClosedClass;
use super::grammar::{Grammar, Lattice};
use super::guess::{Shape, guess, read_shape};
use crate::{Lemmas, PriorError, Spelling, Tag, WordClass};

/// A tagger with nothing but WordNet's counts and a grammar written by hand: a hidden Markov model.
///
/// What a word may be comes from how often WordNet's concordance texts have it as noun, verb, adjective and adverb, from
/// a list of the words of closed classes, and for unknown words from their endings. Which of these it is follows from
/// its neighbours, by a table of which tag follows which.
#[derive(Debug, Clone)]
pub struct WordNetTagger {
    lemmas: Lemmas,
    closed: ClosedClass,
    grammar: Grammar,
}

/// Added to the count of each reading, so that words never counted stay open.
const UNSEEN: f32 = 0.5;

/// How a capital letter bears on a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capital {
    /// It has none.
    No,
    /// It starts a sentence, or all words have one: hardly a sign.
    Weak,
    /// It marks a name.
    Strong,
}

impl WordNetTagger {
    /// A tagger over these words.
    ///
    /// # Errors
    /// None, unless the binary was built from broken tables: [`PriorError::Line`].
    pub fn new(lemmas: Lemmas) -> Result<Self, PriorError> {
        Ok(Self { lemmas, closed: ClosedClass::embedded()?, grammar: Grammar::embedded()? })
    }

    /// The words it knows.
    pub fn lemmas(&self) -> &Lemmas {
        &self.lemmas
    }

    /// Tags a sentence; `refine` may change the weights of a word's candidates by the word's place.
    pub(super) fn tag_with(&self, words: &[&str], tags: &mut Vec<Tag>, mut refine: impl FnMut(usize, &mut Lattice)) {
        let mut lattice = Lattice::default();
        let capitals = words.iter().filter(|word| starts_upper(word)).count();
        let letters = words.iter().filter(|word| word.starts_with(char::is_alphabetic)).count();
        let shouting = letters > 1 && capitals * 10 > letters * 6;
        let mut start = true;
        for (at, word) in words.iter().enumerate() {
            let capital = match (starts_upper(word), start || shouting) {
                (false, _) => Capital::No,
                (true, true) => Capital::Weak,
                (true, false) => Capital::Strong,
            };
            self.read(word, capital, &mut lattice);
            refine(at, &mut lattice);
            lattice.end_word();
            start = matches!(*word, "." | "!" | "?" | ":" | "\"" | "``" | "(")
                || (start && !word.starts_with(char::is_alphanumeric));
        }
        self.grammar.best_path(&mut lattice, tags);
        restore_heads(words, &lattice, tags);
    }

    /// Adds the candidates of a word to the lattice.
    fn read(&self, word: &str, capital: Capital, lattice: &mut Lattice) {
        if read_shape(word, lattice) == Shape::Known {
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
        let named = lattice.current().iter().any(|candidate| matches!(candidate.tag, Tag::Name | Tag::NamePlural));
        let known = !lattice.current().is_empty();
        if !known {
            guess(&form, lattice);
        }
        let all: f32 = lattice.current().iter().map(|candidate| candidate.weight).sum();
        let adjective: f32 = lattice.current().iter().filter(|c| c.tag == Tag::Adjective).map(|c| c.weight).sum();
        let plural = lattice.current().iter().any(|candidate| candidate.tag == Tag::NounPlural);
        let name = if plural { Tag::NamePlural } else { Tag::Name };
        match capital {
            Capital::No => {}
            Capital::Weak => lattice.add(Tag::Name, all * if known { 0.1 } else { 3.0 }),
            // `American`: WordNet has it with a capital, so the capital says nothing against the adjective.
            Capital::Strong if named && adjective > 0.0 => {}
            Capital::Strong => {
                lattice.add(Tag::Name, all * if plural { 2.0 } else { 6.0 });
                if plural {
                    lattice.add(name, all);
                }
            }
        }
    }

    /// Adds what WordNet has of a lower-case form; nothing for an unknown one.
    fn look_up(&self, form: &str, lattice: &mut Lattice) {
        if let Some(noun) = self.lemmas.lemma(WordClass::Noun, form) {
            let weight = noun.count as f32 + UNSEEN;
            let name = noun.spelling == Spelling::Proper;
            if noun.text == form {
                lattice.add(if name { Tag::Name } else { Tag::Noun }, 0.7 * weight);
                if form.ends_with('s') && !form.ends_with("ss") && !form.ends_with("us") && !form.ends_with("is") {
                    lattice.add(if name { Tag::NamePlural } else { Tag::NounPlural }, 0.3 * weight);
                }
            } else {
                lattice.add(if name { Tag::NamePlural } else { Tag::NounPlural }, 0.3 * weight);
            }
        }
        if let Some(adjective) = self.lemmas.lemma(WordClass::Adjective, form) {
            // Participles that WordNet has as adjectives too (`swimming`, `wearing`) are seldom that.
            let participle = adjective.count == 0 && (form.ends_with("ing") || form.ends_with("ed"));
            let mut weight = adjective.count as f32 + if participle { 0.1 * UNSEEN } else { UNSEEN };
            if adjective.spelling == Spelling::Proper {
                weight *= 3.0; // `Spanish`: WordNet's counts know the language, captions the look.
            }
            match () {
                () if adjective.text == form => lattice.add(Tag::Adjective, weight),
                () if form.ends_with('r') => lattice.add(Tag::Comparative, 0.05 * weight),
                () => lattice.add(Tag::Superlative, 0.05 * weight),
            }
        }
        if let Some(verb) = self.lemmas.lemma(WordClass::Verb, form) {
            let weight = verb.count as f32 + UNSEEN;
            if verb.text == form {
                lattice.add(Tag::Verb, 0.22 * weight);
                lattice.add(Tag::VerbPresent, 0.13 * weight);
            } else if form.ends_with("ing") {
                lattice.add(Tag::Gerund, 0.15 * weight);
            } else if form.ends_with('s') && !self.lemmas.class(WordClass::Verb).is_irregular(form) {
                lattice.add(Tag::VerbThird, 0.1 * weight);
            } else {
                lattice.add(Tag::VerbPast, 0.2 * weight);
                lattice.add(Tag::Participle, 0.2 * weight);
            }
        }
        if let Some(adverb) = self.lemmas.lemma(WordClass::Adverb, form) {
            lattice.add(Tag::Adverb, adverb.count as f32 + UNSEEN);
        }
    }
}

/// Makes nouns of adjectives that nothing follows which they could describe: `eats an orange.`, `the red of the apple`.
///
/// The grammar sees two neighbours at a time, so that article, adjective and full stop please it.
fn restore_heads(words: &[&str], lattice: &Lattice, tags: &mut [Tag]) {
    for at in 1..tags.len() {
        let head = tags[at] == Tag::Adjective
            && matches!(tags[at - 1], Tag::Determiner | Tag::Possessive)
            && matches!(
                tags.get(at + 1),
                None | Some(Tag::Punctuation | Tag::Preposition | Tag::VerbThird | Tag::VerbPast | Tag::Modal)
            );
        // `a small, red bird`: after a comma the noun may still come.
        let goes_on = words.get(at + 1) == Some(&",");
        if head && !goes_on && lattice.word(at).iter().any(|candidate| candidate.tag == Tag::Noun) {
            tags[at] = Tag::Noun;
        }
    }
}

fn starts_upper(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

impl Tagger for WordNetTagger {
    fn tag(&self, words: &[&str], tags: &mut Vec<Tag>) {
        self.tag_with(words, tags, |_, _| {});
    }

    fn name(&self) -> &'static str {
        "WordNet's counts and a grammar by hand"
    }
}
