//! Evaluations side by side: what differs in their conditions, and their figures.

use std::fmt;

use serde_json::Value;

use super::Evaluation;
use crate::TrainError;

/// Conditions that may differ: which tokenizer it is is what is compared, and these do not decide a figure's first
/// digits.
const FREE: [&str; 4] = [
    "conditions/tokenizer",
    "conditions/environment/cpu",
    "conditions/environment/os",
    "conditions/environment/threads",
];

/// Images with their captions, as the tokenizers were given them.
const IMAGES: &str = "conditions/data/sha256";
/// How images come to be, which decides nothing where they are the same: batches, paths, damaged ones passed over.
const MAKING: &str = "conditions/data/";

/// A condition in which evaluations differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it stands, such as `conditions/data/sha256`.
    pub condition: String,
    /// What each evaluation says; `–` where one says nothing.
    pub values: Vec<String>,
}

/// Several evaluations, whose figures can be compared or not.
#[derive(Debug, Clone)]
pub struct EvaluationComparison {
    names: Vec<String>,
    differences: Vec<Difference>,
    /// Each figure with its value in each evaluation.
    figures: Vec<(String, Vec<Option<f64>>)>,
}

impl EvaluationComparison {
    /// Puts evaluations side by side, each with its name.
    ///
    /// # Errors
    /// [`TrainError::Evaluation`] if there are fewer than two, or one cannot be written as JSON.
    pub fn of(evaluations: &[(String, Evaluation)]) -> Result<Self, TrainError> {
        if evaluations.len() < 2 {
            let (expected, got) = ("at least two".into(), evaluations.len().to_string());
            return Err(TrainError::Evaluation { name: "comparison".into(), expected, got });
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
            |key: &str| FREE.iter().any(|free| key.starts_with(free)) || (same_images && key.starts_with(MAKING));
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

/// A Markdown table of all figures; conditions that differ stand above it.
impl fmt::Display for EvaluationComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, first: &str, rest: &[String]| {
            writeln!(f, "| {first} | {} |", rest.join(" | "))
        };
        let head = |f: &mut fmt::Formatter<'_>, first: &str| {
            row(f, first, &self.names)?;
            writeln!(f, "|---|{}", "---|".repeat(self.names.len()))
        };
        if !self.differences.is_empty() {
            writeln!(f, "**Not comparable: made under other conditions.**\n")?;
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

/// All that an evaluation says, each with its place.
pub(crate) fn leaves(name: &str, evaluation: &Evaluation) -> Result<Vec<(String, Value)>, TrainError> {
    let value = serde_json::to_value(evaluation).map_err(|error| TrainError::Evaluation {
        name: name.to_owned(),
        expected: "figures that can be written as JSON".into(),
        got: error.to_string(),
    })?;
    let mut leaves = Vec::new();
    collect(&value, String::new(), &mut leaves);
    Ok(leaves)
}

/// All values with their places; an object of a list that has a `group` is called by it.
fn collect(value: &Value, place: String, leaves: &mut Vec<(String, Value)>) {
    let below = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}/{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| collect(value, below(name), leaves)),
        Value::Array(values) if values.iter().any(Value::is_object) => {
            for (number, value) in values.iter().enumerate() {
                let name = value.get("group").and_then(Value::as_str).map_or(number.to_string(), str::to_owned);
                collect(value, below(&name), leaves);
            }
        }
        other => leaves.push((place, other.clone())),
    }
}
