//! The table of a study.

use std::fmt;

use vq_core::Histogram;
use vq_report::RunContents;
use vq_run::{FIGURES, FigureInfo, figure_info};

use crate::Evaluation;

/// Mean and standard deviation of a figure over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation (`n - 1`); none for one seed.
    pub deviation: Option<f64>,
}

impl Spread {
    /// The spread of values; none without values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        (!values.is_empty()).then_some(Self { mean, deviation })
    }
}

/// A method with one seed, trained and evaluated.
#[derive(Debug, Clone)]
pub struct StudyRun {
    /// The evaluation.
    pub evaluation: Evaluation,
    /// How often each code was chosen, group by group.
    pub histograms: Vec<Histogram>,
    /// The run of the tokenizer.
    pub contents: RunContents,
}

/// A method of a study.
#[derive(Debug, Clone)]
pub struct StudyRow {
    /// Its title.
    pub title: String,
    /// Its finished runs, in the order of the seeds.
    pub runs: Vec<StudyRun>,
}

impl StudyRun {
    /// All figures of the run: `kind/name` and value, as [`vq_run::FIGURES`] has them.
    pub fn figures(&self) -> Vec<(String, f64)> {
        let run = [
            ("study/bits_per_image", self.bits_per_image()),
            ("study/images_per_second", self.contents.images_per_second()),
            ("study/training_seconds", self.training_seconds()),
        ];
        let run = run.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        self.evaluation.figures().into_iter().chain(run).collect()
    }

    /// Bits of an image's ids, from the entropies of the slots: methods with several ids per position use more bits.
    fn bits_per_image(&self) -> Option<f64> {
        let images = self.evaluation.conditions.data.images;
        (images > 0).then(|| self.histograms.iter().map(Histogram::bits).sum::<f64>() / images as f64)
    }

    /// Seconds of training without validations and pauses.
    fn training_seconds(&self) -> Option<f64> {
        self.contents.seconds_at(&[self.contents.log.last_step()])?.pop()
    }
}

/// The figures of methods over seeds. As text it is a Markdown table with a row per method: mean ± standard deviation
/// over the seeds, `–` if a method does not have the figure.
#[derive(Debug, Clone, Default)]
pub struct StudyTable {
    rows: Vec<StudyRow>,
}

/// The table as text: the titles of its columns, and each method with its cells.
pub(crate) struct Cells {
    pub(crate) titles: Vec<String>,
    pub(crate) rows: Vec<(String, Vec<String>)>,
}

impl StudyTable {
    /// Adds a method.
    pub fn push(&mut self, row: StudyRow) {
        self.rows.push(row);
    }

    /// The methods, each with its runs.
    pub fn rows(&self) -> &[StudyRow] {
        &self.rows
    }

    pub(crate) fn cells(&self) -> Cells {
        let figures: Vec<Vec<Vec<(String, f64)>>> =
            self.rows.iter().map(|row| row.runs.iter().map(StudyRun::figures).collect()).collect();
        let values = |runs: &[Vec<(String, f64)>], key: &str| -> Vec<f64> {
            let of = |run: &Vec<(String, f64)>| run.iter().find(|(name, _)| name == key).map(|(_, value)| *value);
            runs.iter().filter_map(of).collect()
        };
        let columns = columns(figures.iter().flatten().flatten().map(|(key, _)| key.as_str()));
        let cell = |runs: &[Vec<(String, f64)>], column: &FigureInfo| match Spread::of(&values(runs, &column.key)) {
            None => "–".to_owned(),
            Some(Spread { mean, deviation: None }) => column.format(mean),
            Some(Spread { mean, deviation: Some(deviation) }) => {
                format!("{} ± {}", column.format(mean), column.format(deviation))
            }
        };
        let row = |(row, runs): (&StudyRow, &Vec<Vec<(String, f64)>>)| {
            let cells = columns.iter().map(|column| cell(runs, column));
            (row.title.clone(), std::iter::once(runs.len().to_string()).chain(cells).collect())
        };
        let titles = std::iter::once("seeds".to_owned()).chain(columns.iter().map(FigureInfo::heading)).collect();
        Cells { titles, rows: self.rows.iter().zip(&figures).map(row).collect() }
    }
}

/// The figures of these keys, in the order of the table of figures; unknown ones follow.
fn columns<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<FigureInfo> {
    let mut columns: Vec<FigureInfo> = Vec::new();
    for key in keys {
        if columns.iter().all(|column| column.key != key) {
            let (kind, name) = key.split_once('/').unwrap_or(("study", key));
            columns.push(figure_info(kind, name));
        }
    }
    let rank = |column: &FigureInfo| FIGURES.iter().position(|known| known.key == column.key).unwrap_or(FIGURES.len());
    columns.sort_by_key(rank);
    columns
}

impl fmt::Display for StudyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cells { titles, rows } = self.cells();
        writeln!(f, "| method | {} |", titles.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(titles.len()))?;
        rows.iter().try_for_each(|(title, cells)| writeln!(f, "| {title} | {} |", cells.join(" | ")))
    }
}
