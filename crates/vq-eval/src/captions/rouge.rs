//! ROUGE-L: the longest words in common, in order.

use super::check_references;
use crate::EvalError;

/// Weight of recall against precision.
const BETA: f64 = 1.2;

/// ROUGE-L (Lin 2004, section 3), equal to pycocoevalcap's `Rouge`: the mean over captions, in `0..=1`.
///
/// With `l` the length of the longest common subsequence of caption and reference, recall is `l` by the reference's
/// length, precision `l` by the caption's, and the score `(1 + b^2) R P / (R + b^2 P)` with `b = 1.2`.
/// Of several references the best recall and the best precision count, each by itself, as in pycocoevalcap.
/// An empty caption has 0, or 1 where a reference is empty, too.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct RougeL {
    sum: f64,
    captions: u64,
}

impl RougeL {
    /// Adds a caption and its references.
    ///
    /// # Errors
    /// [`EvalError::NoReference`] if there is none.
    pub fn update(&mut self, caption: &[String], references: &[Vec<String>]) -> Result<(), EvalError> {
        check_references("RougeL::update", references)?;
        let (mut precision, mut recall) = (0.0_f64, 0.0_f64);
        for reference in references {
            let common = common(caption, reference) as f64;
            precision = precision.max(common / caption.len().max(1) as f64);
            recall = recall.max(common / reference.len().max(1) as f64);
        }
        if precision > 0.0 {
            self.sum += (1.0 + BETA * BETA) * precision * recall / (recall + BETA * BETA * precision);
        }
        self.captions += 1;
        Ok(())
    }

    /// Adds what another has seen.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.captions += other.captions;
    }

    /// The mean so far, or nothing before the first caption.
    pub fn compute(&self) -> Option<f64> {
        (self.captions > 0).then(|| self.sum / self.captions as f64)
    }
}

/// Length of the longest common subsequence; nothing and nothing have one thing in common, as `"".split(" ")` has in
/// Python.
fn common(a: &[String], b: &[String]) -> usize {
    if a.is_empty() && b.is_empty() {
        return 1;
    }
    let mut row = vec![0; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        for (index, other) in b.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if word == other { diagonal + 1 } else { above.max(row[index]) };
            diagonal = above;
        }
    }
    row[b.len()]
}
