//! ROUGE-L: the longest common subsequence of words.

use super::word_runs::check_references;
use crate::EvalError;

/// Weight of recall against precision.
const BETA: f64 = 1.2;

/// ROUGE-L (Lin 2004, section 3), equal to pycocoevalcap's `Rouge`: the mean over captions, in `0..=1`.
///
/// With `l` the length of the longest common subsequence of caption and reference, recall `R` is `l / |reference|`,
/// precision `P` is `l / |caption|`, and the score is `(1 + b^2) R P / (R + b^2 P)` with `b = 1.2`.
/// Of several references, the best recall and the best precision count separately, as in pycocoevalcap.
/// An empty caption scores 0, or 1 if a reference is empty too.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct RougeL {
    sum: f64,
    captions: u64,
}

impl RougeL {
    /// Adds a caption and its references.
    ///
    /// # Errors
    /// [`EvalError::NoReference`] if there are no references.
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

    /// Adds another accumulator.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.captions += other.captions;
    }

    /// The mean so far; none before the first caption.
    pub fn compute(&self) -> Option<f64> {
        (self.captions > 0).then(|| self.sum / self.captions as f64)
    }
}

/// Length of the longest common subsequence. It is 1 for two empty texts, since Python's `"".split(" ")` has one word.
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
