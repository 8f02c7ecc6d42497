//! Differences between two priors.

use std::collections::{BTreeMap, HashMap};

use crate::connections::cosine;
use crate::{Edge, PartOfSpeech, PriorGraph, Word};

/// The differences between two priors, left and right.
#[derive(Debug, Clone, PartialEq)]
pub struct PriorDiff {
    /// Words of the left prior only, in its order.
    pub only_left: Vec<Word>,
    /// Words of the right prior only, in its order.
    pub only_right: Vec<Word>,
    /// Words of both, in the order of the left prior.
    pub shared: Vec<SharedWord>,
    /// Differences between the edges of shared words.
    pub edges: EdgeDiff,
}

/// A word of both priors.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedWord {
    /// The word, with its count in the left prior.
    pub word: Word,
    /// The word's count in the right prior.
    pub right_count: u64,
    /// The cosine between the two vectors; `None` if the embedding dimensions differ.
    pub cosine: Option<f32>,
}

/// Differences between the edges of shared words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EdgeDiff {
    /// Edges of the left prior only.
    pub only_left: usize,
    /// Edges of the right prior only.
    pub only_right: usize,
    /// Edges of both, with equal weights.
    pub same: usize,
    /// Edges of both, with different weights.
    pub reweighted: usize,
}

impl PriorDiff {
    /// Whether words, counts, edges and vectors are the same, in any order.
    ///
    /// Vectors are the same if their cosine is above 0.999999.
    pub fn is_empty(&self) -> bool {
        let same = |shared: &SharedWord| {
            shared.word.count == shared.right_count && shared.cosine.is_some_and(|cosine| cosine > 0.999_999)
        };
        let EdgeDiff { only_left, only_right, reweighted, .. } = self.edges;
        self.only_left.is_empty()
            && self.only_right.is_empty()
            && only_left + only_right + reweighted == 0
            && self.shared.iter().all(same)
    }
}

impl PriorGraph {
    /// Compares this prior (left) with another (right); words are identified by text and part of speech.
    pub fn diff(&self, right: &Self) -> PriorDiff {
        let nodes = |graph: &Self| -> HashMap<(PartOfSpeech, String), usize> {
            let words = graph.words().iter().enumerate();
            words.map(|(node, word)| ((word.part_of_speech, word.text.clone()), node)).collect()
        };
        let (left_nodes, right_nodes) = (nodes(self), nodes(right));
        let only_in = |graph: &Self, nodes: &HashMap<(PartOfSpeech, String), usize>| -> Vec<Word> {
            let words = graph.words().iter();
            words.filter(|word| !nodes.contains_key(&(word.part_of_speech, word.text.clone()))).cloned().collect()
        };
        // The right prior's node of each of the left prior's words.
        let right_node_of: Vec<Option<usize>> = self
            .words()
            .iter()
            .map(|word| right_nodes.get(&(word.part_of_speech, word.text.clone())).copied())
            .collect();
        let vectors =
            (self.embedding_dim() == right.embedding_dim()).then(|| (self.vectors_f32(), right.vectors_f32()));
        let shared = right_node_of.iter().enumerate().filter_map(|(node, right_node)| {
            let right_node = (*right_node)?;
            let dim = self.embedding_dim();
            let row = |values: &[f32], node: usize| values[node * dim..][..dim].to_vec();
            Some(SharedWord {
                word: self.words()[node].clone(),
                right_count: right.words()[right_node].count,
                cosine: vectors.as_ref().map(|(left, right)| cosine(&row(left, node), &row(right, right_node))),
            })
        });
        PriorDiff {
            only_left: only_in(self, &right_nodes),
            only_right: only_in(right, &left_nodes),
            shared: shared.collect(),
            edges: edge_diff(self.edges(), right, &right_node_of),
        }
    }
}

/// Compares the edges of the left prior with those of `right`; `right_node_of[n]` is the right node of left node `n`.
fn edge_diff(left: &[Edge], right: &PriorGraph, right_node_of: &[Option<usize>]) -> EdgeDiff {
    let mut is_shared = vec![false; right.len()];
    right_node_of.iter().flatten().for_each(|&right_node| is_shared[right_node] = true);
    let between_shared = right
        .edges()
        .iter()
        .filter(|edge| is_shared[edge.adjective as usize])
        .filter(|edge| is_shared[edge.noun as usize]);
    let mut weights: BTreeMap<(usize, usize), f32> =
        between_shared.map(|edge| ((edge.adjective as usize, edge.noun as usize), edge.weight)).collect();
    let mut diff = EdgeDiff::default();
    for edge in left {
        let (Some(adjective), Some(noun)) = (right_node_of[edge.adjective as usize], right_node_of[edge.noun as usize])
        else {
            continue;
        };
        match weights.remove(&(adjective, noun)) {
            Some(weight) if weight == edge.weight => diff.same += 1,
            Some(_) => diff.reweighted += 1,
            None => diff.only_left += 1,
        }
    }
    diff.only_right = weights.len();
    diff
}
