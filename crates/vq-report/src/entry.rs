//! A line of `metrics.jsonl`, read without knowing what is in it.
//!
//! A report must not fail because another version wrote the log: so lines are read as JSON, and every number in them is
//! a figure with a name.

use serde_json::Value;
use vq_run::Record;

use crate::ReportError;
use crate::number::short_number;

/// The kind of event records.
pub(crate) const EVENT: &str = "event";

/// A number of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its path in the record, such as `loss` or `groups/adjectives/perplexity`.
    pub name: String,
    /// The number; NaN where the log has none (JSON knows neither NaN nor infinity).
    pub value: f64,
}

/// A record of the log: its kind, its step, and everything else in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// `train`, `validation`, or what later versions add.
    pub kind: String,
    /// The step.
    pub step: u64,
    /// Its numbers, by name.
    pub figures: Vec<Figure>,
    /// Its texts: the text of an event, or `name: text` of an unknown record.
    pub notes: Vec<String>,
}

impl Entry {
    /// The content of a record.
    ///
    /// # Errors
    /// [`ReportError::Record`] if it has no kind or no step.
    pub fn of(record: &Record) -> Result<Self, ReportError> {
        let refuse = |message| ReportError::Record { message };
        let value = serde_json::to_value(record).map_err(|error| refuse(error.to_string()))?;
        Self::parse(value).map_err(refuse)
    }

    /// The number of this name.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }

    /// All texts and figures in one line.
    pub fn summary(&self) -> String {
        let numbers = self.figures.iter().map(|figure| format!("{}: {}", figure.name, short_number(figure.value)));
        self.notes.iter().cloned().chain(numbers).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn parse(value: Value) -> Result<Self, String> {
        if let Ok(Record::Event { step, event }) = serde_json::from_value(value.clone()) {
            return Ok(Self { kind: EVENT.into(), step, figures: Vec::new(), notes: vec![event.to_string()] });
        }
        let Value::Object(fields) = value else { return Err("expected a record, got something else".into()) };
        let kind = fields.get("kind").and_then(Value::as_str).ok_or("expected a `kind`, got none")?.to_owned();
        let step = fields.get("step").and_then(Value::as_u64).ok_or("expected a `step`, got none")?;
        let mut entry = Self { kind, step, figures: Vec::new(), notes: Vec::new() };
        for (name, value) in fields.iter().filter(|(name, _)| !["kind", "step"].contains(&name.as_str())) {
            match (name.as_str(), value) {
                // Terms and figures of a map belong to the record itself.
                ("terms" | "figures", Value::Object(terms)) => {
                    terms.iter().for_each(|(name, value)| entry.collect(name, value))
                }
                _ => entry.collect(name, value),
            }
        }
        Ok(entry)
    }

    /// Descends into lists and objects; an object of a list is named by its `group` or `name`, else by its number.
    fn collect(&mut self, name: &str, value: &Value) {
        let child = |key: &str| format!("{name}/{key}");
        match value {
            Value::Null => self.figures.push(Figure { name: name.into(), value: f64::NAN }),
            Value::Number(number) => {
                self.figures.push(Figure { name: name.into(), value: number.as_f64().unwrap_or(f64::NAN) });
            }
            Value::Bool(answer) => self.notes.push(format!("{name}: {answer}")),
            Value::String(words) => self.notes.push(format!("{name}: {words}")),
            Value::Object(fields) => fields.iter().for_each(|(key, value)| self.collect(&child(key), value)),
            Value::Array(values) => {
                for (position, value) in values.iter().enumerate() {
                    match name_of(value) {
                        Some((key, title)) => {
                            let fields = value.as_object().into_iter().flatten().filter(|(name, _)| *name != key);
                            fields.for_each(|(field, value)| self.collect(&child(&format!("{title}/{field}")), value));
                        }
                        None => self.collect(&child(&position.to_string()), value),
                    }
                }
            }
        }
    }
}

/// The key and value that name an object of a list.
fn name_of(value: &Value) -> Option<(&'static str, &str)> {
    ["group", "name"].into_iter().find_map(|key| Some((key, value.get(key)?.as_str()?)))
}
