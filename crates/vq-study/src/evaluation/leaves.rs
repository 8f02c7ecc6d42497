//! All values of an evaluation, by their path in its JSON.

use serde_json::Value;

use super::format::Evaluation;
use crate::StudyError;

/// All values with their paths, such as `conditions/data/sha256`; `name` is that of the evaluation.
pub(super) fn leaves(name: &str, evaluation: &Evaluation) -> Result<Vec<(String, Value)>, StudyError> {
    let value = serde_json::to_value(evaluation).map_err(|error| StudyError::Evaluation {
        name: name.to_owned(),
        expected: "figures that can be written as JSON".into(),
        got: error.to_string(),
    })?;
    let mut leaves = Vec::new();
    collect(&value, String::new(), &mut leaves);
    Ok(leaves)
}

/// An object of a list that has a `group` is named by it, else by its number.
fn collect(value: &Value, path: String, leaves: &mut Vec<(String, Value)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| collect(value, below(name), leaves)),
        Value::Array(values) if values.iter().any(Value::is_object) => {
            for (number, value) in values.iter().enumerate() {
                let name = value.get("group").and_then(Value::as_str).map_or(number.to_string(), str::to_owned);
                collect(value, below(&name), leaves);
            }
        }
        other => leaves.push((path, other.clone())),
    }
}
