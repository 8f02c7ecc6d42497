use std::collections::{BTreeSet, HashMap};

use crate::{Lemmas, PartOfSpeech, PriorError, PriorGraph, Tagger, WordNetTagger, noun_lemma, tokenize};

/// The most words of a noun that is looked for.
const LONGEST_NAME: usize = 4;

/// Finds the words of captions that a prior has: the codes that a caption names.
///
/// A caption is read as corpora are: tokenized, tagged, adjectives in lower case and nouns in base form besides; of a
/// noun of several words (`ice cream`), the longest that the prior has, and not its parts.
pub struct CaptionWords {
    nodes: HashMap<(PartOfSpeech, String), usize>,
    tagger: WordNetTagger,
}

impl CaptionWords {
    /// For the words of `prior`.
    ///
    /// # Errors
    /// [`PriorError`] if WordNet's words, which the crate carries, cannot be read.
    #[cfg(feature = "embedded")]
    pub fn new(prior: &PriorGraph) -> Result<Self, PriorError> {
        Ok(Self::with_tagger(prior, WordNetTagger::new(Lemmas::embedded()?)?))
    }

    /// As [`CaptionWords::new`], with a tagger of one's own words.
    pub fn with_tagger(prior: &PriorGraph, tagger: WordNetTagger) -> Self {
        let word = |(node, word): (usize, &crate::Word)| ((word.part_of_speech, word.text.clone()), node);
        Self { nodes: prior.words().iter().enumerate().map(word).collect(), tagger }
    }

    /// The nodes that a caption names, rising, each once.
    pub fn find(&self, caption: &str) -> Vec<usize> {
        let tokens = tokenize(caption);
        let mut tags = Vec::new();
        self.tagger.tag(&tokens, &mut tags);
        let words: Vec<String> = tokens.iter().map(|token| token.to_lowercase()).collect();
        let lemma = |at: usize| noun_lemma(self.tagger.lemmas(), &words[at], tags[at]);
        let node = |part, text: String| self.nodes.get(&(part, text)).copied();
        let mut found = BTreeSet::new();
        let mut at = 0;
        while at < words.len() {
            let name = (2..=LONGEST_NAME.min(words.len() - at)).rev().find_map(|length| {
                let last = at + length - 1;
                let text = || format!("{} {}", words[at..last].join(" "), lemma(last));
                let node = tags[last].is_noun().then(|| node(PartOfSpeech::Noun, text())).flatten()?;
                Some((node, length))
            });
            let length = name.map_or(1, |(_, length)| length);
            found.extend(match name {
                Some((node, _)) => Some(node),
                None if tags[at].is_adjective() => node(PartOfSpeech::Adjective, words[at].clone()),
                None if tags[at].is_noun() => node(PartOfSpeech::Noun, lemma(at)),
                None => None,
            });
            at += length;
        }
        found.into_iter().collect()
    }
}
