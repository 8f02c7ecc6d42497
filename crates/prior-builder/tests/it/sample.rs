//! Paths, edges and an embedder for several tests.

use std::path::PathBuf;

use codebook_prior::Edge;
use prior_builder::{BuildError, EmbedderDescription, Term, TextEmbedder};

pub(crate) fn data(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", name].iter().collect()
}

pub(crate) fn edge(adjective: u32, noun: u32, weight: f32) -> Edge {
    Edge { adjective, noun, weight }
}

/// The length and the first letter of a text.
pub(crate) struct Letters;

impl TextEmbedder for Letters {
    fn description(&self) -> EmbedderDescription {
        let summary = "length and first letter".into();
        EmbedderDescription { embedding_dim: 2, summary, embedding: None, sources: Vec::new() }
    }

    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, BuildError> {
        let letters = |Term { text, .. }: &Term<'_>| [text.len() as f32, f32::from(text.as_bytes()[0])];
        Ok(terms.iter().flat_map(letters).collect())
    }
}
