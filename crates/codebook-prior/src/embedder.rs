use crate::{Embedding, PartOfSpeech, PriorError, Source, Word};

/// A language model as a source of word vectors (VQCT section 3.1).
pub trait TextEmbedder {
    /// What the vectors are: model, method, width, files.
    fn description(&self) -> EmbedderDescription;

    /// The vectors of T terms: `[T, W]`, row by row, finite.
    ///
    /// # Errors
    /// [`PriorError`] when a term has no vector.
    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, PriorError>;
}

/// A word to embed, in one part of speech: prompts differ between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term<'a> {
    /// The word.
    pub text: &'a str,
    /// What it is here.
    pub part_of_speech: PartOfSpeech,
}

impl<'a> From<&'a Word> for Term<'a> {
    fn from(word: &'a Word) -> Self {
        Self { text: &word.text, part_of_speech: word.part_of_speech }
    }
}

/// What the vectors of a [`TextEmbedder`] are.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbedderDescription {
    /// W, the numbers per vector.
    pub width: usize,
    /// One line for people: model, method, refinement.
    pub summary: String,
    /// The same for programs; `None` for vectors that come from no language model.
    pub embedding: Option<Embedding>,
    /// The files read.
    pub sources: Vec<Source>,
}
