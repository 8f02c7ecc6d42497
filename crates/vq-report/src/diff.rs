//! Runs side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use maud::{Markup, html};

use vq_run::figure_info;

use crate::chart::{Chart, Curve};
use crate::html::document;
use crate::number::{short_duration, short_number};
use crate::run_log::sort_figures;
use crate::run_report::write_page;
use crate::{ReportError, RunContents};

/// A row of a table with one cell for each run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The row's key.
    pub key: String,
    /// One value per run, in order; none if the run has no such value.
    pub values: Vec<Option<String>>,
}

/// Runs to be set side by side.
#[derive(Debug, Clone)]
pub struct RunDiff {
    /// The runs, in the order of columns and colours.
    pub runs: Vec<RunContents>,
}

impl RunDiff {
    /// State and step, the last value of every validation figure of any run, then loss, speed and time.
    pub fn figures(&self) -> Vec<KeyRow> {
        let row = |key: &str, value: &dyn Fn(&RunContents) -> Option<String>| KeyRow {
            key: key.into(),
            values: self.runs.iter().map(value).collect(),
        };
        let steps = |run: &RunContents| run.steps().map_or(String::new(), |steps| format!("/{steps}"));
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
        document("Runs compared · vqct", &body)
    }

    /// Replaces the page at `path` in one move.
    ///
    /// # Errors
    /// [`ReportError::File`] if it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ReportError> {
        write_page(path, &self.html())
    }

    fn charts(&self) -> Vec<Markup> {
        let figures = ["validation", "train"].into_iter().flat_map(|kind| {
            let charted = |name: &&str| !(name.ends_with("/size") || name.ends_with("/used"));
            self.names(kind).into_iter().filter(charted).map(move |name| (kind, name))
        });
        let chart = |(kind, name): (&str, &str)| {
            let curve = |run: &RunContents| Curve { label: run.name.clone(), points: run.log.curve(kind, name) };
            Chart::of_figure(&figure_info(kind, name), self.runs.iter().map(curve).collect()).draw()
        };
        figures.filter_map(chart).collect()
    }

    /// Names of the figures of a kind in any run.
    fn names(&self, kind: &str) -> Vec<&str> {
        let known: BTreeSet<&str> = self.runs.iter().flat_map(|run| run.log.names(kind)).collect();
        let mut names: Vec<&str> = known.into_iter().collect();
        sort_figures(kind, &mut names);
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

/// Every value that is not a table, under its dotted path.
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
