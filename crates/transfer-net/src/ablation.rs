//! What is taken from the network to see what it owes to words and to edges.

use std::collections::HashSet;

use codebook_prior::PriorGraph;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::WeightedEdge;

/// Which edges a network has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum EdgeSource {
    /// Those of the words: an adjective and the nouns that it describes.
    #[default]
    Words,
    /// None: each code is a function of its own word alone, so the network is a perceptron.
    None,
    /// As many, of the same weights, between adjectives and nouns that a seed draws.
    Random {
        /// Decides which.
        seed: u64,
    },
}

/// What a network reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum VectorSource {
    /// The embeddings of the words.
    #[default]
    Words,
    /// As many numbers from a normal distribution, with the mean and the deviation that all numbers of the embeddings
    /// have together.
    Random {
        /// Decides which.
        seed: u64,
    },
}

impl EdgeSource {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn of(self, prior: &PriorGraph) -> Vec<WeightedEdge> {
        let words =
            prior.edges().iter().map(|edge| WeightedEdge { from: edge.adjective, to: edge.noun, weight: edge.weight });
        match self {
            Self::Words => words.collect(),
            Self::None => Vec::new(),
            Self::Random { seed } => {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                let (adjectives, nouns) = (prior.adjectives().len() as u64, prior.nouns().len() as u64);
                let mut taken = HashSet::new();
                words
                    .map(|edge| {
                        // There are at most as many edges as pairs, so a free one is found.
                        loop {
                            let from = random.next_u64() % adjectives.max(1);
                            let to = adjectives + random.next_u64() % nouns.max(1);
                            if taken.insert((from, to)) {
                                return WeightedEdge { from: from as u32, to: to as u32, weight: edge.weight };
                            }
                        }
                    })
                    .collect()
            }
        }
    }
}

impl VectorSource {
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
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        words.iter().map(|_| (mean + deviation * normal(&mut random)) as f32).collect()
    }
}

/// A number from the standard normal distribution (Box and Muller 1958).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let unit = |bits: u64| ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let (radius, angle) = (unit(random.next_u64()), unit(random.next_u64()));
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}
