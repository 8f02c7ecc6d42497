//! `metrics.jsonl`, read without knowing what is in it.
//!
//! A report must not fail because a run was killed in the middle of a line, or was written by another version: so lines
//! are read as JSON, and every number in them is a figure with a name.

use std::path::Path;

use serde_json::Value;

use super::look::sort_names;
use super::number::short_number;
use crate::{Record, TrainError};

/// The kind of records that something happened.
const EVENT: &str = "event";

/// A number of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Where it stands in the record, such as `loss` or `groups/adjectives/perplexity`.
    pub name: String,
    /// The number; NaN where the log has none (JSON knows neither NaN nor infinity).
    pub value: f64,
}

/// A record of the log: its kind, its step, and all else in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// `train`, `validation`, or what later versions add.
    pub kind: String,
    /// The step that it is of.
    pub step: u64,
    /// Its numbers, by name.
    pub figures: Vec<Figure>,
    /// Its words: what an event says, or `name: words` of a record that is not known here.
    pub notes: Vec<String>,
}

impl Entry {
    /// What a record says.
    ///
    /// # Errors
    /// [`TrainError::Config`] if it has neither kind nor step.
    pub fn of(record: &Record) -> Result<Self, TrainError> {
        let refuse = |message| TrainError::Config { file: "record".into(), message };
        let value = serde_json::to_value(record).map_err(|error| refuse(error.to_string()))?;
        Self::parse(value).map_err(refuse)
    }

    /// The number of this name.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }

    /// All that it says, in one line.
    pub fn words(&self) -> String {
        let numbers = self.figures.iter().map(|figure| format!("{}: {}", figure.name, short_number(figure.value)));
        self.notes.iter().cloned().chain(numbers).collect::<Vec<_>>().join(", ")
    }

    fn parse(value: Value) -> Result<Self, String> {
        if let Ok(Record::Event { step, event }) = serde_json::from_value(value.clone()) {
            return Ok(Self { kind: EVENT.into(), step, figures: Vec::new(), notes: vec![event.to_string()] });
        }
        let Value::Object(fields) = value else { return Err("expected a record, got something else".into()) };
        let kind = fields.get("kind").and_then(Value::as_str).ok_or("expected a `kind`, got none")?.to_owned();
        let step = fields.get("step").and_then(Value::as_u64).ok_or("expected a `step`, got none")?;
        let mut entry = Self { kind, step, figures: Vec::new(), notes: Vec::new() };
        for (name, value) in fields.iter().filter(|(name, _)| !["kind", "step"].contains(&name.as_str())) {
            match (name.as_str(), value) {
                // Terms are figures of the step like the others.
                ("terms", Value::Object(terms)) => terms.iter().for_each(|(name, value)| entry.collect(name, value)),
                _ => entry.collect(name, value),
            }
        }
        Ok(entry)
    }

    /// Walks into lists and objects; a list's objects are called by their `group` or `name`, else by number.
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
                    match called(value) {
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

/// The key and value by which an object in a list is called.
fn called(value: &Value) -> Option<(&'static str, &str)> {
    ["group", "name"].into_iter().find_map(|key| Some((key, value.get(key)?.as_str()?)))
}

/// A log, as far as it can be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunLog {
    /// The records, in order.
    pub entries: Vec<Entry>,
    /// Lines that are no records, and why: `line 12: ..`.
    pub damage: Vec<String>,
}

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The step.
    pub step: u64,
    /// The value, never NaN or infinite.
    pub value: f64,
}

impl RunLog {
    /// Reads a log; a last line without its end is being written, or was cut by a crash, and is left out.
    ///
    /// # Errors
    /// [`TrainError::Io`] if the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(TrainError::io("read", path))?;
        let text = String::from_utf8_lossy(&bytes);
        let mut log = Self::default();
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let Some(line) = line.strip_suffix('\n') else { continue };
            let parsed = serde_json::from_str(line).map_err(|error| error.to_string()).and_then(Entry::parse);
            match parsed {
                Ok(entry) => log.entries.push(entry),
                Err(reason) => log.damage.push(format!("line {number}: {reason}")),
            }
        }
        Ok(log)
    }

    /// The step of the last figures; zero without one.
    pub fn last_step(&self) -> u64 {
        self.entries.iter().rev().find(|entry| entry.kind != EVENT).map_or(0, |entry| entry.step)
    }

    /// The last record of a kind.
    pub fn last(&self, kind: &str) -> Option<&Entry> {
        self.of_kind(kind).last()
    }

    /// The last finite value of a figure, in records of a kind.
    pub fn last_figure(&self, kind: &str, name: &str) -> Option<f64> {
        self.curve(kind, name).last().map(|point| point.value)
    }

    /// The names of the figures that records of a kind have: quality first, then speed, then groups of codes.
    pub fn names(&self, kind: &str) -> Vec<&str> {
        let mut names = Vec::new();
        let mut known = std::collections::HashSet::new();
        for figure in self.of_kind(kind).flat_map(|entry| &entry.figures) {
            if known.insert(figure.name.as_str()) {
                names.push(figure.name.as_str());
            }
        }
        sort_names(&mut names);
        names
    }

    /// A figure over the steps, where it is finite; of steps that a rollback took anew, the later ones.
    pub fn curve(&self, kind: &str, name: &str) -> Vec<Point> {
        let point = |entry: &Entry| Some(Point { step: entry.step, value: entry.figure(name)? });
        self.standing(kind).into_iter().filter_map(point).filter(|point| point.value.is_finite()).collect()
    }

    /// Records of a kind without those of steps that were taken anew later: in ascending order of the steps.
    pub fn standing(&self, kind: &str) -> Vec<&Entry> {
        let mut standing: Vec<&Entry> = Vec::new();
        for entry in self.of_kind(kind) {
            while standing.last().is_some_and(|before| before.step >= entry.step) {
                standing.pop();
            }
            standing.push(entry);
        }
        standing
    }

    /// Records of a kind, in order.
    pub fn of_kind<'log, 'kind>(&'log self, kind: &'kind str) -> impl Iterator<Item = &'log Entry> + use<'log, 'kind> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }
}
