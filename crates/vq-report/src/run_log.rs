//! `metrics.jsonl` as far as it can be read.

use std::path::Path;

use vq_file::FileError;
use vq_run::rank_of_figure;

use crate::entry::EVENT;
use crate::{Entry, ReportError};

/// A log, as far as it can be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunLog {
    /// The records, in order.
    pub entries: Vec<Entry>,
    /// Lines that are not records, and why: `line 12: ..`.
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
    /// Reads a log. A last line without its end is left out: it is being written, or a crash cut it.
    ///
    /// # Errors
    /// [`ReportError::File`] if the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let bytes = std::fs::read(path).map_err(FileError::io("read", path))?;
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

    /// The names of the figures of records of a kind, in the order of [`vq_run::FIGURES`].
    pub fn names(&self, kind: &str) -> Vec<&str> {
        let mut names = Vec::new();
        let mut known = std::collections::HashSet::new();
        for figure in self.of_kind(kind).flat_map(|entry| &entry.figures) {
            if known.insert(figure.name.as_str()) {
                names.push(figure.name.as_str());
            }
        }
        sort_figures(kind, &mut names);
        names
    }

    /// A figure over the steps, where it is finite; for steps that were taken again after a rollback, the later values.
    pub fn curve(&self, kind: &str, name: &str) -> Vec<Point> {
        let point = |entry: &Entry| Some(Point { step: entry.step, value: entry.figure(name)? });
        self.standing(kind).into_iter().filter_map(point).filter(|point| point.value.is_finite()).collect()
    }

    /// Records of a kind in ascending order of steps, without those of steps that were taken again later.
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

/// Sorts names of figures of a kind as [`vq_run::FIGURES`] has them; others follow by name.
pub(crate) fn sort_figures(kind: &str, names: &mut [&str]) {
    names
        .sort_by(|one, other| rank_of_figure(kind, one).cmp(&rank_of_figure(kind, other)).then_with(|| one.cmp(other)));
}
