//! Refined vectors.

use codebook_prior::{EmbeddingProvenance, Refinement};

use crate::embedder::{EmbedderDescription, Term, TextEmbedder};
use crate::error::BuildError;

/// An embedder whose vectors are refined over the terms of each call: embed all words of a prior in one call.
///
/// Its description states this refinement only; the vectors of `embedder` should not be refined already.
pub struct RefiningEmbedder<'a> {
    /// The embedder whose vectors are refined.
    pub embedder: &'a dyn TextEmbedder,
    /// The transform.
    pub refinement: Refinement,
}

impl TextEmbedder for RefiningEmbedder<'_> {
    fn description(&self) -> EmbedderDescription {
        let description = self.embedder.description();
        let refined = |embedding| EmbeddingProvenance { refinement: self.refinement, ..embedding };
        let summary = match self.refinement {
            Refinement::Unrefined => description.summary,
            other => format!("{}; {other}", description.summary),
        };
        EmbedderDescription {
            embedding_dim: self.refinement.output_dim(description.embedding_dim),
            summary,
            embedding: description.embedding.map(refined),
            sources: description.sources,
        }
    }

    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, BuildError> {
        let values = self.embedder.embed(terms)?;
        Ok(self.refinement.apply(&values, self.embedder.description().embedding_dim)?.values)
    }
}
