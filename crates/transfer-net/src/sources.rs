//! Where the edges and the features of a network come from, for ablations.

use std::collections::HashSet;

use codebook_prior::PriorGraph;
use serde::{Deserialize, Serialize};
use vq_random::RandomStream;

use crate::WeightedEdge;

/// Which edges a network has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EdgeSource {
    /// Those of the words: between an adjective and each noun that it describes.
    #[default]
    Words,
    /// None: each code depends on its own word alone, so the network is a perceptron.
    None,
    /// As many edges, with the same weights, between random pairs of an adjective and a noun.
    Random {
        /// Seed of the pairs.
        seed: u64,
    },
}

/// Which features a network reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FeatureSource {
    /// The embeddings of the words.
    #[default]
    Words,
    /// As many numbers from a normal distribution, with the mean and the standard deviation of all numbers of the
    /// embeddings taken together.
    Random {
        /// Seed of the numbers.
        seed: u64,
    },
}

impl EdgeSource {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The edges over the words of `prior`.
    pub(crate) fn of(self, prior: &PriorGraph) -> Vec<WeightedEdge> {
        let words =
            prior.edges().iter().map(|edge| WeightedEdge { from: edge.adjective, to: edge.noun, weight: edge.weight });
        match self {
            Self::Words => words.collect(),
            Self::None => Vec::new(),
            Self::Random { seed } => {
                let mut random = RandomStream::new(seed);
                let (adjectives, nouns) = (prior.adjectives().len() as u64, prior.nouns().len() as u64);
                let mut used = HashSet::new();
                words
                    .map(|edge| {
                        // There are at most as many edges as pairs, so an unused pair exists.
                        loop {
                            let from = random.bits() % adjectives.max(1);
                            let to = adjectives + random.bits() % nouns.max(1);
                            if used.insert((from, to)) {
                                return WeightedEdge { from: from as u32, to: to as u32, weight: edge.weight };
                            }
                        }
                    })
                    .collect()
            }
        }
    }
}

impl FeatureSource {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// `K * W` numbers, word by word.
    pub(crate) fn of(self, prior: &PriorGraph) -> Vec<f32> {
        let words = prior.vectors_f32();
        let Self::Random { seed } = self else { return words };
        let count = words.len().max(1) as f64;
        let mean = words.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let deviation = (words.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count).sqrt();
        let mut random = RandomStream::new(seed);
        words.iter().map(|_| (mean + deviation * random.normal()) as f32).collect()
    }
}
