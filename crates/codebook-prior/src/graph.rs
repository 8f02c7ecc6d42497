//! The prior graph: words, edges, vectors and provenance, checked together.

use std::collections::HashSet;
use std::ops::Range;

use crate::{Cut, Homographs, PartOfSpeech, PriorError, Provenance, Vectors, Word};

/// An adjective immediately before a noun (VQCT section 3.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// Node of the adjective, in `0..A`; with [`Homographs::Legacy`], the node of the noun if the adjective is also a
    /// noun.
    pub adjective: u32,
    /// Node of the noun, in `A..A + N`.
    pub noun: u32,
    /// How often the pair occurs; finite and positive.
    pub weight: f32,
}

/// The parts of a [`PriorGraph`], before they are checked.
#[derive(Debug, Clone, PartialEq)]
pub struct PriorParts {
    /// K words, adjectives first.
    pub words: Vec<Word>,
    /// E edges, sorted by adjective, then noun; no duplicates.
    pub edges: Vec<Edge>,
    /// `[K, W]`.
    pub vectors: Vectors,
    /// Where the parts come from.
    pub provenance: Provenance,
}

/// The prior of a codebook: words as nodes, adjective-noun edges, and word vectors (VQCT section 3.1).
///
/// Nodes `0..A` are the adjectives and `A..A + N` the nouns. Each part is ranked (by decreasing count in the default
/// prior), so that a smaller codebook is a prefix of each part: see [`cut`](Self::cut).
/// Every value of this type has passed the checks of [`new`](Self::new) and is immutable.
#[derive(Debug, Clone, PartialEq)]
pub struct PriorGraph {
    parts: PriorParts,
    adjectives: usize,
}

impl PriorGraph {
    /// Checks the parts and makes a graph of them.
    ///
    /// - Words: K >= 1, unique within their part of speech, without control characters, adjectives before nouns.
    /// - Edges: sorted, unique, from an adjective to a noun, with finite positive weights. They may start at another
    ///   noun only if the provenance states [`Homographs::Legacy`].
    /// - Vectors: `[K, W]` with W >= 1, finite.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] names the first part that breaks a rule.
    pub fn new(parts: PriorParts) -> Result<Self, PriorError> {
        Self::checked("prior graph", parts)
    }

    /// [`new`](Self::new) with the name of the operation, for errors.
    pub(crate) fn checked(op: &str, parts: PriorParts) -> Result<Self, PriorError> {
        let adjectives = check_words(op, &parts.words)?;
        check_edges(op, &parts, adjectives)?;
        check_vectors(op, &parts.vectors, parts.words.len())?;
        Ok(Self { parts, adjectives })
    }

    /// K words, adjectives first.
    pub fn words(&self) -> &[Word] {
        &self.parts.words
    }

    /// E edges, sorted by adjective, then noun; no duplicates.
    pub fn edges(&self) -> &[Edge] {
        &self.parts.edges
    }

    /// The word vectors as stored, `[K, W]`.
    pub fn vectors(&self) -> &Vectors {
        &self.parts.vectors
    }

    /// The word vectors as f32: `[K, W]`, row-major.
    pub fn vectors_f32(&self) -> Vec<f32> {
        self.parts.vectors.to_f32()
    }

    /// Where words, edges and vectors come from.
    pub fn provenance(&self) -> &Provenance {
        &self.parts.provenance
    }

    /// Nodes of the adjectives, `0..A`.
    pub fn adjectives(&self) -> Range<usize> {
        0..self.adjectives
    }

    /// Nodes of the nouns, `A..A + N`.
    pub fn nouns(&self) -> Range<usize> {
        self.adjectives..self.len()
    }

    /// K, the number of words.
    pub fn len(&self) -> usize {
        self.parts.words.len()
    }

    /// Always false: a prior has at least one word.
    pub fn is_empty(&self) -> bool {
        self.parts.words.is_empty()
    }

    /// W, the numbers per word vector.
    pub fn embedding_dim(&self) -> usize {
        self.parts.vectors.embedding_dim()
    }

    /// The node of a word in one part of speech.
    pub fn find(&self, text: &str, part_of_speech: PartOfSpeech) -> Option<usize> {
        let range = match part_of_speech {
            PartOfSpeech::Adjective => self.adjectives(),
            PartOfSpeech::Noun => self.nouns(),
        };
        let start = range.start;
        self.words()[range].iter().position(|word| word.text == text).map(|at| start + at)
    }

    /// The number of words that are adjective and noun.
    pub fn homographs(&self) -> usize {
        let (adjectives, nouns) = self.words().split_at(self.adjectives);
        let adjectives: HashSet<_> = adjectives.iter().map(|word| &word.text).collect();
        nouns.iter().filter(|word| adjectives.contains(&word.text)).count()
    }

    /// `[K]`: the number of edges of each node.
    pub fn degrees(&self) -> Vec<u32> {
        let mut degrees = vec![0; self.len()];
        for edge in self.edges() {
            degrees[edge.adjective as usize] += 1;
            degrees[edge.noun as usize] += 1;
        }
        degrees
    }

    /// The graph of the first `adjectives` adjectives and the first `nouns` nouns, with the edges between them.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] if the graph has fewer words than that, or if both numbers are 0.
    pub fn cut(&self, adjectives: usize, nouns: usize) -> Result<Self, PriorError> {
        let sizes = [("adjectives", adjectives, self.adjectives().len()), ("nouns", nouns, self.nouns().len())];
        if let Some((field, size, available)) = sizes.into_iter().find(|(_, size, available)| size > available) {
            return Err(PriorError::invalid("cut", field, format!("at most {available}"), size));
        }
        let kept = [0..adjectives, self.adjectives..self.adjectives + nouns];
        let shift = (self.adjectives - adjectives) as u32;
        let new_node = |node: u32| match node as usize {
            node if kept[0].contains(&node) => Some(node as u32),
            node if kept[1].contains(&node) => Some(node as u32 - shift),
            _ => None,
        };
        let edges = self.edges().iter().filter_map(|edge| {
            Some(Edge { adjective: new_node(edge.adjective)?, noun: new_node(edge.noun)?, weight: edge.weight })
        });
        let mut provenance = self.provenance().clone();
        if adjectives + nouns < self.len() {
            provenance.cut = Some(Cut { adjectives, nouns });
        }
        let parts = PriorParts {
            words: kept.iter().flat_map(|range| &self.words()[range.clone()]).cloned().collect(),
            edges: edges.collect(),
            vectors: self.vectors().rows(kept),
            provenance,
        };
        Self::checked("cut", parts)
    }
}

/// Checks the words; returns A.
fn check_words(op: &str, words: &[Word]) -> Result<usize, PriorError> {
    let fail =
        |at: usize, expected: &str, got: String| Err(PriorError::invalid(op, format!("words[{at}]"), expected, got));
    if words.is_empty() || u32::try_from(words.len()).is_err() {
        return Err(PriorError::invalid(op, "words", "1 to 2^32 - 1 words", words.len()));
    }
    let adjectives = words.iter().take_while(|word| word.part_of_speech == PartOfSpeech::Adjective).count();
    let mut seen = HashSet::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        if word.text.is_empty() || word.text.contains(char::is_control) {
            return fail(at, "a word without control characters", format!("{:?}", word.text));
        }
        if word.reason.contains(char::is_control) {
            return fail(at, "a reason without control characters", format!("{:?}", word.reason));
        }
        if at >= adjectives && word.part_of_speech == PartOfSpeech::Adjective {
            return fail(at, "adjectives before nouns", format!("adjective {:?}", word.text));
        }
        if !seen.insert((word.part_of_speech, word.text.as_str())) {
            let got = format!("{} {:?} twice", word.part_of_speech, word.text);
            return fail(at, "each word once per part of speech", got);
        }
    }
    Ok(adjectives)
}

fn check_edges(op: &str, parts: &PriorParts, adjectives: usize) -> Result<(), PriorError> {
    let (edges, len) = (&parts.edges, parts.words.len());
    // In the published code, the edges of a word that is adjective and noun start at the noun.
    let homographs = parts.provenance.captions.as_ref().map(|captions| captions.recipe.homographs);
    let legacy = homographs == Some(Homographs::Legacy);
    let starts = if legacy { len } else { adjectives };
    let mut last = None;
    for (at, edge) in edges.iter().enumerate() {
        let fail = |expected: String, got: String| Err(PriorError::invalid(op, format!("edges[{at}]"), expected, got));
        if edge.adjective as usize >= starts || edge.adjective == edge.noun {
            return fail(format!("an adjective in 0..{starts}"), edge.adjective.to_string());
        }
        if !(adjectives..len).contains(&(edge.noun as usize)) {
            return fail(format!("a noun in {adjectives}..{len}"), edge.noun.to_string());
        }
        if !(edge.weight.is_finite() && edge.weight > 0.0) {
            return fail("a finite positive weight".into(), edge.weight.to_string());
        }
        let nodes = (edge.adjective, edge.noun);
        if let Some(last) = last.filter(|last| *last >= nodes) {
            return fail("edges sorted, each once".into(), format!("{nodes:?} after {last:?}"));
        }
        last = Some(nodes);
    }
    Ok(())
}

fn check_vectors(op: &str, vectors: &Vectors, len: usize) -> Result<(), PriorError> {
    let fail = |expected: String, got: String| Err(PriorError::invalid(op, "vectors", expected, got));
    let dim = vectors.embedding_dim();
    if dim == 0 {
        return fail("an embedding dimension of 1 or more".into(), "0".into());
    }
    let expected = len.checked_mul(dim).and_then(|n| n.checked_mul(vectors.dtype().bytes()));
    if expected != Some(vectors.bytes().len()) {
        let got = format!("{} bytes", vectors.bytes().len());
        return fail(format!("[{len}, {dim}] {:?} numbers", vectors.dtype()), got);
    }
    if let Some(at) = vectors.values().position(|value| !value.is_finite()) {
        let value = vectors.to_f32()[at];
        return fail("finite numbers".into(), format!("{value} at [{}, {}]", at / dim, at % dim));
    }
    Ok(())
}
