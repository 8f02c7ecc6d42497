//! Runs side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use maud::{Markup, html};

use super::chart::{Along, Chart, Curve};
use super::folder::RunFolder;
use super::look::{Look, sort_names};
use super::number::{short_duration, short_number};
use super::shell::shell;
use super::write_page;
use crate::TrainError;

/// A row of a table with one cell for each run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// What the row is of.
    pub key: String,
    /// One for each run, in order; none where the run has no such thing.
    pub values: Vec<Option<String>>,
}

/// Runs to be compared.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// In the order of columns and colours.
    pub runs: Vec<RunFolder>,
}

impl Comparison {
    /// The last value of every figure that one of the runs validates, then state, speed and time.
    pub fn figures(&self) -> Vec<KeyRow> {
        let row = |key: &str, value: &dyn Fn(&RunFolder) -> Option<String>| KeyRow {
            key: key.into(),
            values: self.runs.iter().map(value).collect(),
        };
        let steps = |run: &RunFolder| run.steps().map_or(String::new(), |steps| format!("/{steps}"));
        let mut rows = vec![
            row("state", &|run| Some(run.sessions.state.word().into())),
            row("step", &|run| Some(format!("{}{}", run.log.last_step(), steps(run)))),
        ];
        for name in self.names("validation") {
            rows.push(row(name, &|run| Some(short_number(run.log.last_figure("validation", name)?))));
        }
        rows.push(row("best psnr", &|run| Some(short_number(run.best_psnr()?.value))));
        rows.push(row("loss", &|run| Some(short_number(run.log.last_figure("train", "loss")?))));
        rows.push(row("images/s", &|run| Some(short_number(run.images_per_second()?))));
        rows.push(row("trained for", &|run| Some(short_duration(run.elapsed()))));
        rows
    }

    /// The configuration's keys in which the runs differ, in alphabetical order; the name is not one of them.
    pub fn differing_keys(&self) -> Vec<KeyRow> {
        let configs: Vec<BTreeMap<String, String>> = self.runs.iter().map(|run| flat(&run.config)).collect();
        let keys: BTreeSet<&String> = configs.iter().flat_map(BTreeMap::keys).filter(|key| *key != "name").collect();
        let values = |key: &String| configs.iter().map(|config| config.get(key).cloned()).collect::<Vec<_>>();
        let rows = keys.into_iter().map(|key| KeyRow { key: key.clone(), values: values(key) });
        rows.filter(|row| row.values.windows(2).any(|pair| pair[0] != pair[1])).collect()
    }

    /// A page with the tables, and each figure's curves of all runs in one chart.
    pub fn html(&self) -> String {
        let names = self.runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>().join(", ");
        let differing = self.differing_keys();
        let body = html! {
            header {
                h1 { "Runs compared" }
                p.sub { (names) }
            }
            main {
                section { h2 { "Curves" } div.charts { @for chart in self.charts() { (chart) } } }
                section { h2 { "Last figures" } (self.table(&self.figures())) }
                section {
                    h2 { "Configuration" }
                    @if differing.is_empty() { p { "No key differs." } } @else { (self.table(&differing)) }
                }
            }
            footer { "Made by vqct " (env!("CARGO_PKG_VERSION")) "." }
        };
        shell("Runs compared · vqct", &body)
    }

    /// Replaces the page at `path` in one move.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        write_page(path, &self.html())
    }

    fn charts(&self) -> Vec<Markup> {
        let figures = ["validation", "train"].into_iter().flat_map(|kind| {
            let charted = |name: &&str| !(name.ends_with("/size") || name.ends_with("/used"));
            self.names(kind).into_iter().filter(charted).map(move |name| (kind, name))
        });
        let chart = |(kind, name): (&str, &str)| {
            let Look { title, unit, scale } = Look::of(kind, name);
            let curve = |run: &RunFolder| Curve { label: run.name.clone(), points: run.log.curve(kind, name) };
            Chart { title, unit, scale, along: Along::Steps, curves: self.runs.iter().map(curve).collect() }.draw()
        };
        figures.filter_map(chart).collect()
    }

    /// Names of the figures of a kind in any run.
    fn names(&self, kind: &str) -> Vec<&str> {
        let known: BTreeSet<&str> = self.runs.iter().flat_map(|run| run.log.names(kind)).collect();
        let mut names: Vec<&str> = known.into_iter().collect();
        sort_names(&mut names);
        names
    }

    fn table(&self, rows: &[KeyRow]) -> Markup {
        html! {
            div.scroll {
                table {
                    thead { tr { th {} @for run in &self.runs { th { (run.name) } } } }
                    tbody {
                        @for row in rows {
                            tr {
                                td { (row.key) }
                                @for value in &row.values { td { (value.as_deref().unwrap_or("–")) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Every value that is no table, under its path with points between.
fn flat(table: &toml::Table) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut open: Vec<(String, &toml::Value)> = table.iter().map(|(key, value)| (key.clone(), value)).collect();
    while let Some((path, value)) = open.pop() {
        match value {
            toml::Value::Table(table) => open.extend(table.iter().map(|(key, value)| (format!("{path}.{key}"), value))),
            value => {
                values.insert(path, value.to_string());
            }
        }
    }
    values
}
