//! Runs of words, and the check of references.

use crate::EvalError;

/// Rejects a caption without references.
pub(super) fn check_references(op: &'static str, references: &[Vec<String>]) -> Result<(), EvalError> {
    if references.is_empty() { Err(EvalError::NoReference { op }) } else { Ok(()) }
}

/// The runs of `n` words (n-grams) of a caption, in order; `n` of 1 or more.
pub(super) fn word_runs(words: &[String], n: usize) -> impl Iterator<Item = &[String]> {
    words.windows(n)
}
