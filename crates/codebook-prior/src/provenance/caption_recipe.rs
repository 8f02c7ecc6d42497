//! How a prior is built from captions: plain data, stored with the prior.

use serde::{Deserialize, Serialize};

use super::lexicon_options::{LexiconOptions, LexiconOrder};
use super::vision_filter::VisionFilter;
use crate::vectors::VectorDtype;

/// How a prior is built from captions; the crate `prior-builder` does it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptionRecipe {
    /// How captions are read.
    pub lexicon: LexiconOptions,
    /// Which words are kept.
    pub filter: VisionFilter,
    /// The order of the words of each part of speech.
    pub order: LexiconOrder,
    /// Which node an edge starts from if its adjective is also a noun.
    pub homographs: Homographs,
    /// The maximum number of adjectives.
    pub most_adjectives: Option<usize>,
    /// The maximum number of nouns.
    pub most_nouns: Option<usize>,
    /// Which words are kept if a maximum is set.
    pub first: LimitPriority,
    /// The minimum count in trusted corpora at which a word is kept without further rules.
    pub trusted_count: u64,
    /// The dtype of the stored vectors.
    #[serde(rename = "precision")]
    pub vector_dtype: VectorDtype,
}

impl Default for CaptionRecipe {
    /// The paper's counts, all words, in order of first occurrence.
    fn default() -> Self {
        Self {
            lexicon: LexiconOptions::default(),
            filter: VisionFilter::default(),
            order: LexiconOrder::default(),
            homographs: Homographs::default(),
            most_adjectives: None,
            most_nouns: None,
            first: LimitPriority::default(),
            trusted_count: 2,
            vector_dtype: VectorDtype::default(),
        }
    }
}

/// Which words are kept if their number is limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitPriority {
    /// The first words in the order.
    #[default]
    Ordered,
    /// Words of trusted corpora, then words with an edge, then the rest: the graph carries no information about words
    /// without an edge.
    Joined,
}

/// Which node an edge starts from if its adjective is also a noun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Homographs {
    /// The adjective's node: in `orange juice`, `orange` is an adjective.
    #[default]
    Apart,
    /// The noun's node, as in the published code, which identifies words by their text alone. The adjective's node then
    /// has no edge, and the pair `orange orange` is dropped.
    Legacy,
}
