use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use crate::{Edge, PartOfSpeech, Precision, PriorError, PriorGraph, PriorParts, Provenance, Vectors, Word};

impl PriorGraph {
    /// The words and edges of both priors; counts and weights of what both have are added up.
    ///
    /// Each part of speech is ranked by falling count, then by alphabet, so that [`cut`](Self::cut) keeps the most
    /// frequent of both. A word that both have keeps the vector of `self`: the two must be of one language model.
    /// A corpus that went into both is counted twice.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] unless the provenances name one way of making vectors, of one width; or if a count
    /// overflows.
    pub fn merge(&self, other: &Self) -> Result<Self, PriorError> {
        const OP: &str = "merge";
        let (own, others) = (self.provenance(), other.provenance());
        if (&own.vectors, self.width()) != (&others.vectors, other.width()) {
            let describe = |vectors: &str, width| format!("{vectors:?} of width {width}");
            let expected = describe(&own.vectors, self.width());
            return Err(PriorError::invalid(OP, "vectors", expected, describe(&others.vectors, other.width())));
        }
        let mut merged = Vec::new();
        let mut places: HashMap<(PartOfSpeech, &str), usize> = HashMap::new();
        for (graph, values) in [(self, self.vectors_f32()), (other, other.vectors_f32())] {
            for (word, vector) in graph.words().iter().zip(values.chunks_exact(self.width())) {
                match places.get(&(word.part_of_speech, word.text.as_str())) {
                    Some(&place) => {
                        let Merged { word: known, .. } = &mut merged[place];
                        known.count = known.count.checked_add(word.count).ok_or_else(|| {
                            let got = format!("{} and {} of {:?}", known.count, word.count, word.text);
                            PriorError::invalid(OP, "counts", "a sum below 2^64", got)
                        })?;
                    }
                    None => {
                        places.insert((word.part_of_speech, &word.text), merged.len());
                        merged.push(Merged { word: word.clone(), vector: vector.to_vec() });
                    }
                }
            }
        }
        merged.sort_by(|a, b| rank(&a.word).cmp(&rank(&b.word)));
        let words: Vec<Word> = merged.iter().map(|merged| merged.word.clone()).collect();
        let vectors: Vec<f32> = merged.into_iter().flat_map(|merged| merged.vector).collect();
        let precision = match (self.vectors().precision(), other.vectors().precision()) {
            (Precision::F16, Precision::F16) => Precision::F16,
            _ => Precision::F32,
        };
        let edges = added_edges(&words, [self, other]);
        let parts = PriorParts {
            words,
            edges,
            vectors: Vectors::new(&vectors, self.width(), precision),
            provenance: joined(own, others),
        };
        Self::checked(OP, parts)
    }
}

/// A word of either prior.
struct Merged {
    word: Word,
    vector: Vec<f32>,
}

/// The order of words.
fn rank(word: &Word) -> (PartOfSpeech, Reverse<u64>, &str) {
    (word.part_of_speech, Reverse(word.count), &word.text)
}

/// The edges of the graphs between `words`, sorted.
fn added_edges(words: &[Word], graphs: [&PriorGraph; 2]) -> Vec<Edge> {
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

/// Where both come from; how words were chosen has no one answer any more.
fn joined(left: &Provenance, right: &Provenance) -> Provenance {
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
