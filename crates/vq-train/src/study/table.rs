//! The figures of a study, side by side.

use std::fmt;

use vq_core::Histogram;

use crate::report::RunFolder;
use crate::{Evaluation, TranslationFigures};

/// Mean and standard deviation of a figure over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The sample's standard deviation (`n - 1`); none of one seed.
    pub deviation: Option<f64>,
}

impl Spread {
    /// Of values; none of no value.
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
    /// What was measured.
    pub evaluation: Evaluation,
    /// How often each code was chosen, group by group.
    pub histograms: Vec<Histogram>,
    /// The run of the tokenizer.
    pub folder: RunFolder,
}

/// A method of a study.
#[derive(Debug, Clone)]
pub struct StudyRow {
    /// What it is called.
    pub title: String,
    /// Its runs that are finished, in the order of the seeds.
    pub runs: Vec<StudyRun>,
}

/// What every column of the table is of.
struct Column {
    title: &'static str,
    digits: usize,
    /// The figure of a run, if it has it.
    value: Value,
}

enum Value {
    Evaluated(fn(&Evaluation) -> Option<f64>),
    Run(fn(&StudyRun) -> Option<f64>),
}

impl Column {
    /// The figure of each run that has it.
    fn values(&self, runs: &[StudyRun]) -> Vec<f64> {
        let of = |run: &StudyRun| match self.value {
            Value::Evaluated(value) => value(&run.evaluation),
            Value::Run(value) => value(run),
        };
        runs.iter().filter_map(of).collect()
    }
}

const COLUMNS: [Column; 29] = [
    Column { title: "PSNR (dB)", digits: 2, value: Value::Evaluated(|e| Some(e.images.psnr)) },
    Column { title: "SSIM", digits: 3, value: Value::Evaluated(|e| Some(e.images.ssim)) },
    Column { title: "MS-SSIM", digits: 3, value: Value::Evaluated(|e| Some(e.images.ms_ssim)) },
    Column { title: "LPIPS", digits: 4, value: Value::Evaluated(|e| e.distances.as_ref()?.lpips) },
    Column {
        title: "rFID",
        digits: 2,
        value: Value::Evaluated(|e| Some(e.distances.as_ref()?.inception.as_ref()?.frechet.distance)),
    },
    Column {
        title: "KID x1000",
        digits: 2,
        value: Value::Evaluated(|e| Some(e.distances.as_ref()?.inception.as_ref()?.kernel.distance * 1000.0)),
    },
    Column {
        title: "SWD x1000",
        digits: 2,
        value: Value::Evaluated(|e| Some(e.distances.as_ref()?.sliced.as_ref()?.mean * 1000.0)),
    },
    Column {
        title: "judge's Fréchet",
        digits: 2,
        value: Value::Evaluated(|e| Some(e.distances.as_ref()?.judge_frechet.as_ref()?.distance)),
    },
    Column { title: "codes used (%)", digits: 1, value: Value::Evaluated(|e| Some(e.usage() * 100.0)) },
    Column {
        title: "perplexity",
        digits: 0,
        value: Value::Evaluated(|e| Some(e.codebook.iter().map(|group| group.perplexity).sum())),
    },
    Column { title: "Gini", digits: 3, value: Value::Evaluated(gini) },
    Column { title: "bits an image", digits: 0, value: Value::Run(bits_an_image) },
    Column {
        title: "nats a token",
        digits: 3,
        value: Value::Evaluated(|e| Some(translation(e)?.likelihood.negative_log_likelihood)),
    },
    Column { title: "BLEU-1", digits: 1, value: Value::Evaluated(|e| Some(translation(e)?.scores.bleu.bleu1 * 100.0)) },
    Column { title: "BLEU-4", digits: 1, value: Value::Evaluated(|e| Some(translation(e)?.scores.bleu.bleu4 * 100.0)) },
    Column { title: "ROUGE-L", digits: 1, value: Value::Evaluated(|e| Some(translation(e)?.scores.rouge_l * 100.0)) },
    Column { title: "METEOR", digits: 1, value: Value::Evaluated(|e| Some(translation(e)?.scores.meteor * 100.0)) },
    Column { title: "CIDEr-D", digits: 2, value: Value::Evaluated(|e| Some(translation(e)?.scores.cider_d)) },
    Column {
        title: "objects F1 (%)",
        digits: 1,
        value: Value::Evaluated(|e| Some(translation(e)?.scenes?.object_f1()? * 100.0)),
    },
    Column {
        title: "attributes (%)",
        digits: 1,
        value: Value::Evaluated(|e| Some(translation(e)?.scenes?.attributes().value()? * 100.0)),
    },
    Column {
        title: "directions (%)",
        digits: 1,
        value: Value::Evaluated(|e| Some(translation(e)?.directions?.value()? * 100.0)),
    },
    Column {
        title: "all true (%)",
        digits: 1,
        value: Value::Evaluated(|e| Some(translation(e)?.scenes?.all_true.value()? * 100.0)),
    },
    Column {
        title: "image to text R@1 (%)",
        digits: 1,
        value: Value::Evaluated(|e| Some(e.language.as_ref()?.retrieval?.image_to_text.recall_at_1 * 100.0)),
    },
    Column {
        title: "text to image R@1 (%)",
        digits: 1,
        value: Value::Evaluated(|e| Some(e.language.as_ref()?.retrieval?.text_to_image.recall_at_1 * 100.0)),
    },
    Column {
        title: "text to image R@10 (%)",
        digits: 1,
        value: Value::Evaluated(|e| Some(e.language.as_ref()?.retrieval?.text_to_image.recall_at_10 * 100.0)),
    },
    Column { title: "nouns point (%)", digits: 1, value: Value::Evaluated(|e| pointing(e, "noun")) },
    Column { title: "adjectives point (%)", digits: 1, value: Value::Evaluated(|e| pointing(e, "adjective")) },
    Column { title: "images/s", digits: 0, value: Value::Run(|run| run.folder.images_per_second()) },
    Column { title: "training (s)", digits: 0, value: Value::Run(training_seconds) },
];

fn translation(evaluation: &Evaluation) -> Option<&TranslationFigures> {
    evaluation.language.as_ref()?.translation.as_ref()
}

/// Mean over the groups, by their codes.
fn gini(evaluation: &Evaluation) -> Option<f64> {
    let sizes: i64 = evaluation.codebook.iter().map(|group| group.size).sum();
    let sum: Option<f64> = evaluation.codebook.iter().map(|group| Some(group.gini? * group.size as f64)).sum();
    Some(sum? / sizes as f64)
}

/// What the ids of an image take: methods with several ids a position are given more to say, and this is how much more.
fn bits_an_image(run: &StudyRun) -> Option<f64> {
    let images = run.evaluation.conditions.data.images;
    (images > 0).then(|| run.histograms.iter().map(Histogram::bits).sum::<f64>() / images as f64)
}

/// Without validations and pauses.
fn training_seconds(run: &StudyRun) -> Option<f64> {
    run.folder.seconds_at(&[run.folder.log.last_step()])?.pop()
}

fn pointing(evaluation: &Evaluation, group: &str) -> Option<f64> {
    let words = evaluation.words.iter().find(|words| words.group == group)?;
    Some(words.pointing?.accuracy * 100.0)
}

/// The figures of methods over seeds; as text, a Markdown table with a row for each method: mean ± standard deviation over
/// the seeds, `–` where a method has no such figure.
#[derive(Debug, Clone, Default)]
pub struct StudyTable {
    rows: Vec<StudyRow>,
}

/// The table as text: what its columns are called, and each method with its cells.
pub(crate) struct Cells {
    pub(crate) titles: Vec<&'static str>,
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
        let has = |column: &&Column| self.rows.iter().any(|row| !column.values(&row.runs).is_empty());
        let shown: Vec<&Column> = COLUMNS.iter().filter(has).collect();
        let cell = |column: &Column, runs: &[StudyRun]| match Spread::of(&column.values(runs)) {
            None => "–".to_owned(),
            Some(Spread { mean, deviation: None }) => format!("{mean:.*}", column.digits),
            Some(Spread { mean, deviation: Some(deviation) }) => {
                format!("{mean:.*} ± {deviation:.*}", column.digits, column.digits)
            }
        };
        let row = |row: &StudyRow| {
            let count = row.runs.len().to_string();
            let cells = shown.iter().map(|column| cell(column, &row.runs));
            (row.title.clone(), std::iter::once(count).chain(cells).collect())
        };
        let titles = std::iter::once("seeds").chain(shown.iter().map(|column| column.title)).collect();
        Cells { titles, rows: self.rows.iter().map(row).collect() }
    }
}

impl fmt::Display for StudyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cells { titles, rows } = self.cells();
        writeln!(f, "| method | {} |", titles.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(titles.len()))?;
        rows.iter().try_for_each(|(title, cells)| writeln!(f, "| {title} | {} |", cells.join(" | ")))
    }
}
