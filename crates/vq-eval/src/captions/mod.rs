//! Scores of captions against references, as pycocoevalcap 1.2 gives them.
//!
//! A caption is a list of words, and how a text becomes words is the caller's: [`caption_words`] is what the figures of
//! the literature are made with.
//! Words are compared letter by letter, so their case counts.

mod alignment;
pub(crate) mod bleu;
pub(crate) mod cider;
pub(crate) mod meteor;
pub(crate) mod ptb;
pub(crate) mod rouge;
pub(crate) mod scores;
pub(crate) mod synonyms;

use crate::EvalError;

/// Refuses a caption that nothing is held against.
fn check_references(op: &'static str, references: &[Vec<String>]) -> Result<(), EvalError> {
    if references.is_empty() { Err(EvalError::NoReference { op }) } else { Ok(()) }
}

/// The runs of `n` words of a caption, in order; `n` of 1 or more.
fn grams(words: &[String], n: usize) -> impl Iterator<Item = &[String]> {
    words.windows(n)
}
