use super::tally::Tally;
use super::{Chains, LexiconOptions, Multiword};
use crate::{Lemmas, Tag, WordClass, noun_lemma};

/// The most words of a joined noun.
const LONGEST_NAME: usize = 4;

/// A tagged caption; `words` in lower case.
pub(super) struct Sentence<'a> {
    pub(super) words: &'a [String],
    pub(super) tags: &'a [Tag],
    pub(super) lemmas: &'a Lemmas,
    pub(super) options: LexiconOptions,
}

impl Sentence<'_> {
    /// Adds the adjectives, nouns and pairs of a caption to the tally.
    pub(super) fn count(&self, tally: &mut Tally) {
        // Adjectives that wait for their noun, as places in the tally.
        let mut chain: Vec<u32> = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let (word, tag) = (&self.words[at], self.tags[at]);
            if let Some(name) = self.name_at(at) {
                self.noun(&name.text, &mut chain, tally);
                at += name.words;
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
            } else if !(self.options.chains == Chains::List && self.goes_on(at - 1)) {
                chain.clear();
            }
        }
    }

    fn noun(&self, lemma: &str, chain: &mut Vec<u32>, tally: &mut Tally) {
        let noun = tally.nouns.add(lemma, 1);
        chain.drain(..).for_each(|adjective| tally.pair(adjective, noun));
    }

    /// Whether a list of adjectives goes on across this word: a comma or `and` between adjectives.
    fn goes_on(&self, at: usize) -> bool {
        let adjective = |at: usize| self.tags.get(at) == Some(&Tag::Adjective);
        let joint = |at: usize| matches!(self.words.get(at).map(String::as_str), Some("," | "and" | "&"));
        // `small , red , and white`: two joints may follow each other.
        joint(at) && (adjective(at + 1) || (joint(at + 1) && adjective(at + 2)))
    }

    /// The longest noun of several words that starts here and that WordNet has.
    fn name_at(&self, at: usize) -> Option<Name> {
        let adjectives = match self.options.multiword {
            Multiword::Apart => return None,
            Multiword::Nouns => false,
            Multiword::All => true,
        };
        let fits = |at: usize| {
            let tag = self.tags[at];
            tag.is_noun() || (adjectives && tag == Tag::Adjective)
        };
        let longest = (at..self.words.len().min(at + LONGEST_NAME)).take_while(|at| fits(*at)).count();
        (2..=longest).rev().find_map(|words| {
            let last = at + words - 1;
            // The last word may start a name of its own: `red fire` (WordNet has it) yields to `fire hydrant`.
            if !self.tags[last].is_noun() || self.name_at(last).is_some() {
                return None;
            }
            let morphy = self.lemmas.class(WordClass::Noun);
            let head = self.words[at..last].join("_");
            let known = |last: &str| morphy.count(&format!("{head}_{last}")).is_some();
            let base = noun_lemma(self.lemmas, &self.words[last], self.tags[last]);
            let last = [self.words[last].as_str(), base.as_str()].into_iter().find(|last| known(last))?;
            Some(Name { text: format!("{} {last}", self.words[at..at + words - 1].join(" ")), words })
        })
    }
}

struct Name {
    text: String,
    words: usize,
}

/// Whether a token may be a code: it has a letter, and nothing that a file of words could not hold.
fn is_word(word: &str) -> bool {
    word.chars().any(char::is_alphabetic) && !word.chars().any(char::is_control)
}
