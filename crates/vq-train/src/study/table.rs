//! The figures of a study, side by side.

use std::fmt;

use crate::Evaluation;

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

/// What every column of the table is of.
struct Column {
    title: &'static str,
    digits: usize,
    /// The figure of an evaluation, if it has it.
    value: fn(&Evaluation) -> Option<f64>,
}

const COLUMNS: [Column; 18] = [
    Column { title: "PSNR (dB)", digits: 2, value: |e| Some(e.images.psnr) },
    Column { title: "SSIM", digits: 3, value: |e| Some(e.images.ssim) },
    Column { title: "codes used (%)", digits: 1, value: |e| Some(e.usage() * 100.0) },
    Column {
        title: "nats a token",
        digits: 3,
        value: |e| Some(e.language.as_ref()?.likelihood.negative_log_likelihood),
    },
    Column { title: "BLEU-1", digits: 1, value: |e| Some(e.language.as_ref()?.scores.bleu.bleu1 * 100.0) },
    Column { title: "BLEU-4", digits: 1, value: |e| Some(e.language.as_ref()?.scores.bleu.bleu4 * 100.0) },
    Column { title: "ROUGE-L", digits: 1, value: |e| Some(e.language.as_ref()?.scores.rouge_l * 100.0) },
    Column { title: "METEOR", digits: 1, value: |e| Some(e.language.as_ref()?.scores.meteor * 100.0) },
    Column { title: "CIDEr-D", digits: 2, value: |e| Some(e.language.as_ref()?.scores.cider_d) },
    Column { title: "objects F1 (%)", digits: 1, value: |e| Some(e.language.as_ref()?.scenes?.object_f1()? * 100.0) },
    Column {
        title: "attributes (%)",
        digits: 1,
        value: |e| Some(e.language.as_ref()?.scenes?.attributes().value()? * 100.0),
    },
    Column { title: "directions (%)", digits: 1, value: |e| Some(e.language.as_ref()?.directions?.value()? * 100.0) },
    Column {
        title: "all true (%)",
        digits: 1,
        value: |e| Some(e.language.as_ref()?.scenes?.all_true.value()? * 100.0),
    },
    Column {
        title: "image to text R@1 (%)",
        digits: 1,
        value: |e| Some(e.language.as_ref()?.retrieval?.image_to_text.recall_at_1 * 100.0),
    },
    Column {
        title: "text to image R@1 (%)",
        digits: 1,
        value: |e| Some(e.language.as_ref()?.retrieval?.text_to_image.recall_at_1 * 100.0),
    },
    Column {
        title: "text to image R@10 (%)",
        digits: 1,
        value: |e| Some(e.language.as_ref()?.retrieval?.text_to_image.recall_at_10 * 100.0),
    },
    Column { title: "nouns point (%)", digits: 1, value: |e| pointing(e, "noun") },
    Column { title: "adjectives point (%)", digits: 1, value: |e| pointing(e, "adjective") },
];

fn pointing(evaluation: &Evaluation, group: &str) -> Option<f64> {
    let words = evaluation.words.iter().find(|words| words.group == group)?;
    Some(words.pointing?.accuracy * 100.0)
}

/// The figures of methods over seeds; as text, a Markdown table with a row for each method: mean ± standard deviation over
/// the seeds, `–` where a method has no such figure.
#[derive(Debug, Clone, Default)]
pub struct StudyTable {
    rows: Vec<(String, Vec<Evaluation>)>,
}

impl StudyTable {
    /// Adds a method.
    pub fn push(&mut self, title: String, evaluations: Vec<Evaluation>) {
        self.rows.push((title, evaluations));
    }

    /// The methods, each with the evaluations of its seeds.
    pub fn rows(&self) -> &[(String, Vec<Evaluation>)] {
        &self.rows
    }
}

impl fmt::Display for StudyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = |column: &Column, evaluations: &[Evaluation]| -> Vec<f64> {
            evaluations.iter().filter_map(column.value).collect()
        };
        let shown: Vec<&Column> = COLUMNS
            .iter()
            .filter(|column| self.rows.iter().any(|(_, evaluations)| !values(column, evaluations).is_empty()))
            .collect();
        let titles: String = shown.iter().map(|column| format!(" {} |", column.title)).collect();
        writeln!(f, "| method | seeds |{titles}")?;
        writeln!(f, "|---|---|{}", "---|".repeat(shown.len()))?;
        for (title, evaluations) in &self.rows {
            write!(f, "| {title} | {} |", evaluations.len())?;
            for column in &shown {
                match Spread::of(&values(column, evaluations)) {
                    None => write!(f, " – |")?,
                    Some(Spread { mean, deviation }) => {
                        write!(f, " {mean:.*}", column.digits)?;
                        match deviation {
                            Some(deviation) => write!(f, " ± {deviation:.*} |", column.digits)?,
                            None => write!(f, " |")?,
                        }
                    }
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
