use std::collections::{BTreeMap, HashMap};

use crate::connections::cosine;
use crate::{Edge, PartOfSpeech, PriorGraph, Word};

/// How two priors differ; "left" is the one that is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct PriorDiff {
    /// Words that only the left one has, in its order.
    pub only_left: Vec<Word>,
    /// Words that only the right one has, in its order.
    pub only_right: Vec<Word>,
    /// Words that both have, in the order of the left one.
    pub shared: Vec<SharedWord>,
    /// Edges between words that both have.
    pub edges: EdgeDiff,
}

/// A word that both priors have.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedWord {
    /// The word, with the left one's count.
    pub word: Word,
    /// The right one's count.
    pub right_count: u64,
    /// The cosine between the two vectors; none if they differ in width.
    pub cosine: Option<f32>,
}

/// How the edges between shared words differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EdgeDiff {
    /// Edges that only the left one has.
    pub only_left: usize,
    /// Edges that only the right one has.
    pub only_right: usize,
    /// Edges of both with equal weights.
    pub same: usize,
    /// Edges of both with different weights.
    pub reweighted: usize,
}

impl PriorDiff {
    /// Whether words, counts, edges and vectors are all the same, in whatever order.
    ///
    /// Vectors count as the same where their cosine rounds to one.
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
    /// Compares two priors word by word; a word is known by its text and its part of speech.
    pub fn diff(&self, right: &Self) -> PriorDiff {
        let nodes = |graph: &Self| -> HashMap<(PartOfSpeech, String), usize> {
            let words = graph.words().iter().enumerate();
            words.map(|(node, word)| ((word.part_of_speech, word.text.clone()), node)).collect()
        };
        let (left_nodes, right_nodes) = (nodes(self), nodes(right));
        let lacking = |graph: &Self, nodes: &HashMap<(PartOfSpeech, String), usize>| -> Vec<Word> {
            let words = graph.words().iter();
            words.filter(|word| !nodes.contains_key(&(word.part_of_speech, word.text.clone()))).cloned().collect()
        };
        // The right one's node of each of the left one's.
        let twins: Vec<Option<usize>> = self
            .words()
            .iter()
            .map(|word| right_nodes.get(&(word.part_of_speech, word.text.clone())).copied())
            .collect();
        let vectors = (self.width() == right.width()).then(|| (self.vectors_f32(), right.vectors_f32()));
        let shared = twins.iter().enumerate().filter_map(|(node, twin)| {
            let twin = (*twin)?;
            let width = self.width();
            let row = |values: &[f32], node: usize| values[node * width..][..width].to_vec();
            Some(SharedWord {
                word: self.words()[node].clone(),
                right_count: right.words()[twin].count,
                cosine: vectors.as_ref().map(|(left, right)| cosine(&row(left, node), &row(right, twin))),
            })
        });
        PriorDiff {
            only_left: lacking(self, &right_nodes),
            only_right: lacking(right, &left_nodes),
            shared: shared.collect(),
            edges: edge_diff(self.edges(), right, &twins),
        }
    }
}

/// Compares the edges of the left graph with those of `right`, whose node of the left node `n` is `twins[n]`.
fn edge_diff(left: &[Edge], right: &PriorGraph, twins: &[Option<usize>]) -> EdgeDiff {
    let mut is_shared = vec![false; right.len()];
    twins.iter().flatten().for_each(|&twin| is_shared[twin] = true);
    let between_shared = right
        .edges()
        .iter()
        .filter(|edge| is_shared[edge.adjective as usize])
        .filter(|edge| is_shared[edge.noun as usize]);
    let mut weights: BTreeMap<(usize, usize), f32> =
        between_shared.map(|edge| ((edge.adjective as usize, edge.noun as usize), edge.weight)).collect();
    let mut diff = EdgeDiff::default();
    for edge in left {
        let (Some(adjective), Some(noun)) = (twins[edge.adjective as usize], twins[edge.noun as usize]) else {
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
