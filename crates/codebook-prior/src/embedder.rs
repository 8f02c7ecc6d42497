use crate::{PriorError, Source};

/// A language model as a source of word vectors (VQCT section 3.1).
pub trait TextEmbedder {
    /// What the vectors are: model, tensor, pooling, width, files.
    fn description(&self) -> EmbedderDescription;

    /// The vectors of T texts: `[T, W]`, row by row, finite.
    ///
    /// # Errors
    /// [`PriorError`] when a text has no vector.
    fn embed(&self, texts: &[&str]) -> Result<Vec<f32>, PriorError>;
}

/// What the vectors of a [`TextEmbedder`] are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbedderDescription {
    /// W, the numbers per vector.
    pub width: usize,
    /// One line for people: model, tensor, pooling.
    pub summary: String,
    /// The files read.
    pub sources: Vec<Source>,
}
