//! Adjectives, nouns and pairs of one caption.

use codebook_prior::{Chains, Lemmas, LexiconOptions, Multiword, Tag, WordClass, noun_lemma};

use super::tally::Tally;

/// The maximum number of words in a compound noun.
const MAX_COMPOUND: usize = 4;

/// A tagged caption; `words` in lower case.
pub(super) struct Sentence<'a> {
    pub(super) words: &'a [String],
    pub(super) tags: &'a [Tag],
    pub(super) lemmas: &'a Lemmas,
    pub(super) options: LexiconOptions,
}

impl Sentence<'_> {
    /// Adds the adjectives, nouns and pairs of the caption to the tally.
    pub(super) fn count(&self, tally: &mut Tally) {
        // Adjectives before the next noun, as indices in the tally.
        let mut chain: Vec<u32> = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let (word, tag) = (&self.words[at], self.tags[at]);
            if let Some(compound) = self.compound_at(at) {
                self.noun(&compound.text, &mut chain, tally);
                at += compound.words;
                continue;
            }
            at += 1;
            if tag == Tag::Adjective && is_word(word) {
                if self.options.chains == Chains::Adjacent {
                    chain.clear();
                }
                chain.push(tally.adjectives.add(word, 1));
            } else if tag.is_noun() && is_word(word) {
                self.noun(&noun_lemma(self.lemmas, word, tag), &mut chain, tally);
            } else if !(self.options.chains == Chains::List && self.list_continues(at - 1)) {
                chain.clear();
            }
        }
    }

    fn noun(&self, lemma: &str, chain: &mut Vec<u32>, tally: &mut Tally) {
        let noun = tally.nouns.add(lemma, 1);
        chain.drain(..).for_each(|adjective| tally.pair(adjective, noun));
    }

    /// Whether a list of adjectives continues after this word: a comma or `and` between adjectives.
    fn list_continues(&self, at: usize) -> bool {
        let adjective = |at: usize| self.tags.get(at) == Some(&Tag::Adjective);
        let connects = |at: usize| matches!(self.words.get(at).map(String::as_str), Some("," | "and" | "&"));
        // `small , red , and white`: a comma and `and` may follow each other.
        connects(at) && (adjective(at + 1) || (connects(at + 1) && adjective(at + 2)))
    }

    /// The longest compound noun of WordNet that starts here.
    fn compound_at(&self, at: usize) -> Option<Compound> {
        let adjectives = match self.options.multiword {
            Multiword::Apart => return None,
            Multiword::Nouns => false,
            Multiword::All => true,
        };
        let fits = |at: usize| {
            let tag = self.tags[at];
            tag.is_noun() || (adjectives && tag == Tag::Adjective)
        };
        let longest = (at..self.words.len().min(at + MAX_COMPOUND)).take_while(|at| fits(*at)).count();
        (2..=longest).rev().find_map(|words| {
            let last = at + words - 1;
            // The last word may start a compound of its own: `fire hydrant` wins over `red fire`, which WordNet has
            // too.
            if !self.tags[last].is_noun() || self.compound_at(last).is_some() {
                return None;
            }
            let morphy = self.lemmas.class(WordClass::Noun);
            let head = self.words[at..last].join("_");
            let known = |last: &str| morphy.count(&format!("{head}_{last}")).is_some();
            let base = noun_lemma(self.lemmas, &self.words[last], self.tags[last]);
            let last = [self.words[last].as_str(), base.as_str()].into_iter().find(|last| known(last))?;
            Some(Compound { text: format!("{} {last}", self.words[at..at + words - 1].join(" ")), words })
        })
    }
}

struct Compound {
    text: String,
    words: usize,
}

/// Whether a token may be a code: it has a letter and no control character, which the file of a prior could not hold.
fn is_word(word: &str) -> bool {
    word.chars().any(char::is_alphabetic) && !word.chars().any(char::is_control)
}
