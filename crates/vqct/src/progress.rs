//! Progress of training on the terminal.

use std::io::IsTerminal;
use std::time::Instant;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use vq_report::{Entry, Figure, short_duration, short_number};
use vq_run::{Record, figure_info, is_known_figure, rank_of_figure};

/// A bar on a terminal; elsewhere, such as in a file, a line for each record.
pub(crate) struct Progress {
    bar: ProgressBar,
    output: Output,
    steps: u64,
    begun: Instant,
    first: u64,
    /// The last record of each kind as text.
    training: String,
    validation: String,
}

enum Output {
    Terminal,
    Lines,
}

impl Progress {
    /// For a run of `steps` steps, `taken` of which are taken already.
    pub(crate) fn new(steps: u64, taken: u64) -> Result<Self> {
        let output = if std::io::stderr().is_terminal() { Output::Terminal } else { Output::Lines };
        let bar = match output {
            Output::Terminal => ProgressBar::new(steps),
            Output::Lines => ProgressBar::hidden(),
        };
        bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} steps, {eta} left\n{wide_msg}")?);
        bar.set_position(taken);
        bar.reset_eta();
        let (training, validation) = (String::new(), String::new());
        Ok(Self { bar, output, steps, begun: Instant::now(), first: taken, training, validation })
    }

    pub(crate) fn step(&mut self, step: u64) {
        self.bar.set_position(step);
    }

    pub(crate) fn record(&mut self, record: &Record) {
        // The log holds every record, also one that cannot be shown.
        let Ok(entry) = Entry::of(record) else { return };
        match entry.kind.as_str() {
            "train" => {
                self.training = training(&entry);
                if let Output::Lines = self.output {
                    let (step, left) = (entry.step, short_duration(self.seconds_left(entry.step)));
                    eprintln!("step {step:>6}/{}: {}, {left} left", self.steps, self.training);
                }
            }
            "validation" | "generation" | "classification" => {
                self.validation = validation(&entry);
                let line = format!("step {:>6}: validation {}", entry.step, self.validation);
                self.bar.suspend(|| print_line!("{line}"));
            }
            _ => {
                let line = format!("step {:>6}: {}", entry.step, entry.summary());
                self.bar.suspend(|| print_line!("{line}"));
            }
        }
        let parts = [&self.training, &self.validation].into_iter().filter(|part| !part.is_empty());
        self.bar.set_message(parts.cloned().collect::<Vec<_>>().join(" · "));
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// By the mean pace since this process began to train.
    fn seconds_left(&self, step: u64) -> f64 {
        let taken = step.saturating_sub(self.first).max(1) as f64;
        self.begun.elapsed().as_secs_f64() / taken * self.steps.saturating_sub(step) as f64
    }
}

/// `loss 0.52 (codebook 0.02, reconstruction 0.5), 92.1 images/s`, with whatever terms the record has.
fn training(entry: &Entry) -> String {
    let own_place = ["loss", "learning_rate", "images_per_second", "gradient_norm"];
    let terms = entry.figures.iter().filter(|figure| !own_place.contains(&figure.name.as_str()));
    let terms = terms.map(|figure| format!("{} {}", figure.name.replace('_', " "), short_number(figure.value)));
    let terms = terms.collect::<Vec<_>>().join(", ");
    let figure = |name| short_number(entry.figure(name).unwrap_or(f64::NAN));
    format!("loss {} ({terms}), {} images/s", figure("loss"), figure("images_per_second"))
}

/// `PSNR 21.35 dB, SSIM 0.791, codes used 67.2 %`: the known figures that describe all of the validation set.
fn validation(entry: &Entry) -> String {
    let mut figures: Vec<_> =
        entry.figures.iter().filter(|figure| is_known_figure(&entry.kind, &figure.name)).collect();
    figures.sort_by_key(|figure| rank_of_figure(&entry.kind, &figure.name));
    let text = |figure: &&Figure| {
        let info = figure_info(&entry.kind, &figure.name);
        format!("{} {} {}", info.title, info.format(figure.value), info.unit).trim_end().to_owned()
    };
    figures.iter().map(text).collect::<Vec<_>>().join(", ")
}
