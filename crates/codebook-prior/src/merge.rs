//! The union of two priors.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use crate::{Edge, PartOfSpeech, PriorError, PriorGraph, PriorParts, Provenance, VectorDtype, Vectors, Word};

impl PriorGraph {
    /// The words and edges of both priors; counts and weights of shared words and edges are added.
    ///
    /// Each part of speech is ranked by decreasing count, then alphabetically, so that [`cut`](Self::cut) keeps the
    /// most frequent words of both. A shared word keeps the vector of `self`: both priors must use one language model.
    /// A corpus that is in both priors is counted twice.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] if the vectors were computed in different ways or differ in dimension, or if a count
    /// overflows.
    pub fn merge(&self, other: &Self) -> Result<Self, PriorError> {
        const OP: &str = "merge";
        let (own, others) = (self.provenance(), other.provenance());
        if (&own.vectors, self.embedding_dim()) != (&others.vectors, other.embedding_dim()) {
            let describe = |vectors: &str, dim| format!("{vectors:?} of dimension {dim}");
            let expected = describe(&own.vectors, self.embedding_dim());
            return Err(PriorError::invalid(OP, "vectors", expected, describe(&others.vectors, other.embedding_dim())));
        }
        let mut merged = Vec::new();
        let mut indices: HashMap<(PartOfSpeech, &str), usize> = HashMap::new();
        for (graph, values) in [(self, self.vectors_f32()), (other, other.vectors_f32())] {
            for (word, vector) in graph.words().iter().zip(values.chunks_exact(self.embedding_dim())) {
                match indices.get(&(word.part_of_speech, word.text.as_str())) {
                    Some(&index) => {
                        let Merged { word: known, .. } = &mut merged[index];
                        known.count = known.count.checked_add(word.count).ok_or_else(|| {
                            let got = format!("{} and {} of {:?}", known.count, word.count, word.text);
                            PriorError::invalid(OP, "counts", "a sum below 2^64", got)
                        })?;
                    }
                    None => {
                        indices.insert((word.part_of_speech, &word.text), merged.len());
                        merged.push(Merged { word: word.clone(), vector: vector.to_vec() });
                    }
                }
            }
        }
        merged.sort_by(|a, b| rank(&a.word).cmp(&rank(&b.word)));
        let words: Vec<Word> = merged.iter().map(|merged| merged.word.clone()).collect();
        let vectors: Vec<f32> = merged.into_iter().flat_map(|merged| merged.vector).collect();
        let dtype = match (self.vectors().dtype(), other.vectors().dtype()) {
            (VectorDtype::F16, VectorDtype::F16) => VectorDtype::F16,
            _ => VectorDtype::F32,
        };
        let edges = summed_edges(&words, [self, other]);
        let parts = PriorParts {
            words,
            edges,
            vectors: Vectors::new(&vectors, self.embedding_dim(), dtype),
            provenance: joined_provenance(own, others),
        };
        Self::checked(OP, parts)
    }
}

/// A word of either prior, with its vector.
struct Merged {
    word: Word,
    vector: Vec<f32>,
}

/// The sort key of words.
fn rank(word: &Word) -> (PartOfSpeech, Reverse<u64>, &str) {
    (word.part_of_speech, Reverse(word.count), &word.text)
}

/// The edges of the graphs between `words`, sorted.
fn summed_edges(words: &[Word], graphs: [&PriorGraph; 2]) -> Vec<Edge> {
    let nodes: HashMap<(PartOfSpeech, &str), u32> =
        words.iter().zip(0..).map(|(word, node)| ((word.part_of_speech, word.text.as_str()), node)).collect();
    let mut weights: BTreeMap<(u32, u32), f32> = BTreeMap::new();
    for graph in graphs {
        let node = |node: u32| {
            let word = &graph.words()[node as usize];
            nodes.get(&(word.part_of_speech, word.text.as_str())).copied()
        };
        for edge in graph.edges() {
            if let (Some(adjective), Some(noun)) = (node(edge.adjective), node(edge.noun)) {
                *weights.entry((adjective, noun)).or_default() += edge.weight;
            }
        }
    }
    weights.into_iter().map(|((adjective, noun), weight)| Edge { adjective, noun, weight }).collect()
}

/// The provenance of both; the recipe is kept only if both have the same.
fn joined_provenance(left: &Provenance, right: &Provenance) -> Provenance {
    let mut sources = left.sources.clone();
    sources.extend(right.sources.iter().filter(|source| !left.sources.contains(source)).cloned());
    Provenance {
        made_by: format!(
            "codebook-prior {}, merged from {} and {}",
            env!("CARGO_PKG_VERSION"),
            left.made_by,
            right.made_by
        ),
        sources,
        recipe: None,
        captions: if left.captions == right.captions { left.captions.clone() } else { None },
        vectors: left.vectors.clone(),
        embedding: left.embedding.clone(),
        cut: None,
    }
}
