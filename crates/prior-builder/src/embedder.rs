//! The interface of language models as sources of word vectors.

use codebook_prior::{EmbeddingProvenance, PartOfSpeech, Source, Word};

use crate::error::BuildError;

/// A source of word vectors, usually a language model (VQCT section 3.1).
pub trait TextEmbedder {
    /// Model, method, dimension and files.
    fn description(&self) -> EmbedderDescription;

    /// The vectors of T terms: `[T, W]`, row-major, finite.
    ///
    /// # Errors
    /// [`BuildError`] if a term has no vector.
    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, BuildError>;
}

/// A word to embed, in one part of speech: adjectives and nouns have different prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term<'a> {
    /// The word.
    pub text: &'a str,
    /// Its part of speech.
    pub part_of_speech: PartOfSpeech,
}

impl<'a> From<&'a Word> for Term<'a> {
    fn from(word: &'a Word) -> Self {
        Self { text: &word.text, part_of_speech: word.part_of_speech }
    }
}

/// The description of a [`TextEmbedder`], for a prior's provenance.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbedderDescription {
    /// W, the numbers per vector.
    pub embedding_dim: usize,
    /// Model, method and refinement, in one line for people.
    pub summary: String,
    /// The same for programs; `None` for vectors that come from no language model.
    pub embedding: Option<EmbeddingProvenance>,
    /// The files that were read.
    pub sources: Vec<Source>,
}
