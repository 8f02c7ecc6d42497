//! Evaluations side by side: the conditions in which they differ, and their figures.

use std::fmt;

use serde_json::Value;

use super::format::Evaluation;
use super::leaves::leaves;
use crate::StudyError;

/// Conditions that may differ: the tokenizer is what is compared, and the others do not change a figure's first digits.
const FREE: [&str; 4] = [
    "conditions/tokenizer",
    "conditions/environment/cpu",
    "conditions/environment/os",
    "conditions/environment/threads",
];

/// Images and captions, as the tokenizers get them.
const IMAGES: &str = "conditions/data/sha256";
/// How images are made, which does not matter if they are the same: batches, paths, skipped damaged images.
const IMAGE_SOURCE: &str = "conditions/data/";

/// A condition in which evaluations differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its path, such as `conditions/data/sha256`.
    pub condition: String,
    /// Its value in each evaluation; `–` if one does not have it.
    pub values: Vec<String>,
}

/// Several evaluations, and whether their figures can be compared.
#[derive(Debug, Clone)]
pub struct EvaluationDiff {
    names: Vec<String>,
    differences: Vec<Difference>,
    /// Each figure with its value in each evaluation.
    figures: Vec<(String, Vec<Option<f64>>)>,
}

impl EvaluationDiff {
    /// Sets evaluations side by side, each with its name.
    ///
    /// # Errors
    /// [`StudyError::Evaluation`] if there are fewer than two, or one cannot be written as JSON.
    pub fn of(evaluations: &[(String, Evaluation)]) -> Result<Self, StudyError> {
        if evaluations.len() < 2 {
            let (expected, got) = ("at least two".into(), evaluations.len().to_string());
            return Err(StudyError::Evaluation { name: "diff".into(), expected, got });
        }
        let mut all = Vec::new();
        for (name, evaluation) in evaluations {
            all.push(leaves(name, evaluation)?);
        }
        let mut keys: Vec<&String> = Vec::new();
        for (key, _) in all.iter().flatten() {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let of = |key: &str, leaves: &[(String, Value)]| {
            leaves.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
        };
        let same_images = all.windows(2).all(|pair| of(IMAGES, &pair[0]) == of(IMAGES, &pair[1]));
        let is_free =
            |key: &str| FREE.iter().any(|free| key.starts_with(free)) || (same_images && key.starts_with(IMAGE_SOURCE));
        let (mut differences, mut figures) = (Vec::new(), Vec::new());
        for key in keys {
            let values: Vec<Option<Value>> = all.iter().map(|leaves| of(key, leaves)).collect();
            let decides = is_condition(key) && !is_free(key);
            if decides && values.windows(2).any(|pair| pair[0] != pair[1]) {
                let shown = values.iter().map(|value| value.as_ref().map_or("–".into(), ToString::to_string));
                differences.push(Difference { condition: key.clone(), values: shown.collect() });
            }
            let numbers: Vec<Option<f64>> = values.iter().map(|value| value.as_ref()?.as_f64()).collect();
            if !is_condition(key) && numbers.iter().any(Option::is_some) {
                figures.push((key.clone(), numbers));
            }
        }
        Ok(Self { names: evaluations.iter().map(|(name, _)| name.clone()).collect(), differences, figures })
    }

    /// The conditions in which they differ, apart from the tokenizer and the machine; figures can be compared if there
    /// are none.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }
}

/// A Markdown table of all figures, below the conditions that differ.
impl fmt::Display for EvaluationDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, first: &str, rest: &[String]| {
            writeln!(f, "| {first} | {} |", rest.join(" | "))
        };
        let head = |f: &mut fmt::Formatter<'_>, first: &str| {
            row(f, first, &self.names)?;
            writeln!(f, "|---|{}", "---|".repeat(self.names.len()))
        };
        if !self.differences.is_empty() {
            writeln!(f, "**Not comparable: made under different conditions.**\n")?;
            head(f, "condition")?;
            for Difference { condition, values } in &self.differences {
                row(f, condition, values)?;
            }
            writeln!(f)?;
        }
        head(f, "figure")?;
        for (figure, values) in &self.figures {
            let shown = values.iter().map(|value| value.map_or("–".into(), |value| format!("{value:.6}")));
            row(f, figure, &shown.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

fn is_condition(key: &str) -> bool {
    ["format", "version", "conditions/", "distances/weights/"].iter().any(|prefix| key.starts_with(prefix))
}
