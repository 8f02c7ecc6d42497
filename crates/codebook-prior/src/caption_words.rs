//! The prior's words in captions.

use std::collections::{BTreeSet, HashMap};

use crate::graph::PriorGraph;
use crate::text::{Tagger, noun_lemma, tokenize};
use crate::word::{PartOfSpeech, Word};
use crate::wordnet_tagger::WordNetTagger;
#[cfg(feature = "embedded")]
use crate::{error::PriorError, text::Lemmas};

/// The maximum number of words in a compound noun.
const MAX_COMPOUND: usize = 4;

/// Finds the words of a prior that occur in captions: the codes that a caption names.
///
/// Captions are read as in building a prior: they are tokenized and tagged, adjectives are lower-cased, and nouns are
/// reduced to their base form. Of a compound (`ice cream`), the longest noun of the prior counts, without its parts.
///
/// ```
/// # #[cfg(feature = "embedded")] {
/// use codebook_prior::{CaptionWords, PriorGraph};
///
/// let prior = PriorGraph::embedded()?;
/// let finder = CaptionWords::new(&prior)?;
/// let nodes = finder.find("Two small red apples left of a Black cat");
/// let words: Vec<&str> = nodes.iter().map(|&node| prior.words()[node].text.as_str()).collect();
/// assert_eq!(words.len(), 5);
/// assert!(words.contains(&"red") && words.contains(&"apple") && words.contains(&"cat"));
/// # }
/// # Ok::<(), codebook_prior::PriorError>(())
/// ```
pub struct CaptionWords {
    nodes: HashMap<(PartOfSpeech, String), usize>,
    tagger: WordNetTagger,
}

impl CaptionWords {
    /// A finder of the words of `prior`.
    ///
    /// # Errors
    /// [`PriorError`] if the embedded word list cannot be read.
    #[cfg(feature = "embedded")]
    pub fn new(prior: &PriorGraph) -> Result<Self, PriorError> {
        Ok(Self::with_tagger(prior, WordNetTagger::new(Lemmas::embedded()?)?))
    }

    /// As [`CaptionWords::new`], with another word list.
    pub fn with_tagger(prior: &PriorGraph, tagger: WordNetTagger) -> Self {
        let node_of = |(node, word): (usize, &Word)| ((word.part_of_speech, word.text.clone()), node);
        Self { nodes: prior.words().iter().enumerate().map(node_of).collect(), tagger }
    }

    /// The nodes that a caption names, in increasing order, without duplicates.
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
            let compound = (2..=MAX_COMPOUND.min(words.len() - at)).rev().find_map(|length| {
                let last = at + length - 1;
                let text = || format!("{} {}", words[at..last].join(" "), lemma(last));
                let node = tags[last].is_noun().then(|| node(PartOfSpeech::Noun, text())).flatten()?;
                Some((node, length))
            });
            let length = compound.map_or(1, |(_, length)| length);
            found.extend(match compound {
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
