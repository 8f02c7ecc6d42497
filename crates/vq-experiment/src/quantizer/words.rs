//! Groups of codes that are words.

use codebook_prior::PriorGraph;
use serde::{Deserialize, Serialize};
use tch::Tensor;
use vq_core::{Codebook, CodebookShape, Group, Mode};

/// Which words of a prior are codes, and of which groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WordGroups {
    /// Adjectives and nouns are a group each.
    #[default]
    ByPartOfSpeech,
    /// Only the adjectives are codes; the nouns influence them through the graph.
    AdjectivesOnly,
    /// All words are one group: each position has one word, of any part of speech.
    Single,
}

impl WordGroups {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The groups, and the part of the codebook that they choose from; `top_k` adjectives are averaged at a position.
    pub(super) fn of(
        self,
        prior: &PriorGraph,
        top_k: i64,
        codebook: Box<dyn Codebook>,
    ) -> (Vec<Group>, Box<dyn Codebook>) {
        let (adjectives, nouns) = (prior.adjectives().len() as i64, prior.nouns().len() as i64);
        let mut groups = two_groups([adjectives, nouns], top_k);
        match self {
            Self::ByPartOfSpeech => (groups, codebook),
            Self::AdjectivesOnly => {
                groups.truncate(1);
                (groups, Box::new(FirstCodes::new(codebook, adjectives)))
            }
            Self::Single => (vec![Group { name: "word".into(), codes: 0..adjectives + nouns, top_k: 1 }], codebook),
        }
    }
}

/// Adjectives first, then nouns: `top_k` adjective ids in `0..A` and one noun id in `A..A + N` per position.
pub(super) fn two_groups([adjectives, nouns]: [i64; 2], top_k: i64) -> Vec<Group> {
    vec![
        Group { name: "adjective".into(), codes: 0..adjectives, top_k },
        Group { name: "noun".into(), codes: adjectives..adjectives + nouns, top_k: 1 },
    ]
}

/// The first codes of a codebook.
#[derive(Debug)]
struct FirstCodes {
    whole: Box<dyn Codebook>,
    count: i64,
}

impl FirstCodes {
    /// At most as many as `whole` has.
    fn new(whole: Box<dyn Codebook>, count: i64) -> Self {
        Self { count: count.min(whole.shape().size), whole }
    }
}

impl Codebook for FirstCodes {
    fn shape(&self) -> CodebookShape {
        CodebookShape { size: self.count, ..self.whole.shape() }
    }

    fn vectors(&self, mode: Mode) -> Tensor {
        self.whole.vectors(mode).narrow(0, 0, self.count)
    }
}
