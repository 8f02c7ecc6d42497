//! The one table of figures, which log, report, study and terminal read.

use std::borrow::Cow;

/// What a figure is called, how it is printed, and which direction is better.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureInfo {
    /// `kind/name`: the kind of the record (`train`, `validation`, `generation`, `classification`) or `study`, and the
    /// figure's name in it.
    pub key: Cow<'static, str>,
    /// Its title.
    pub title: Cow<'static, str>,
    /// Its unit; may be empty.
    pub unit: &'static str,
    /// Digits after the decimal point in tables.
    pub digits: usize,
    /// The stored value is multiplied by this to have the unit: 100 for a share in %.
    pub factor: f64,
    /// Which direction is better.
    pub better: Better,
    /// How the axis of its chart is laid.
    pub scale: ChartScale,
}

/// Which direction of a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
    /// The figure does not measure quality.
    Neither,
}

/// How the axis of a chart is laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartScale {
    /// Around the values.
    Tight,
    /// From zero.
    FromZero,
    /// Logarithmic if the values are positive and far apart, else tight.
    LogIfWide,
}

use Better::{Higher, Lower, Neither};
use ChartScale::{FromZero, LogIfWide, Tight};

/// All known figures, in the order in which reports and studies show them.
///
/// A figure that is not in the table is shown last, under its name.
pub static FIGURES: &[FigureInfo] = &[
    // Quality of reconstructions, of the log and of studies.
    row("validation/psnr", "PSNR", "dB", 2, 1.0, Higher, Tight),
    row("validation/ssim", "SSIM", "", 3, 1.0, Higher, Tight),
    row("validation/ms_ssim", "MS-SSIM", "", 3, 1.0, Higher, Tight),
    row("study/lpips", "LPIPS", "", 4, 1.0, Lower, Tight),
    row("study/rfid", "rFID", "", 2, 1.0, Lower, Tight),
    row("study/kid", "KID x1000", "", 2, 1000.0, Lower, Tight),
    row("study/sliced_wasserstein", "SWD x1000", "", 2, 1000.0, Lower, Tight),
    row("study/scene_classifier_frechet", "scene classifier's Fréchet", "", 2, 1.0, Lower, Tight),
    // Usage of codes.
    row("validation/usage", "codes used", "%", 1, 100.0, Higher, FromZero),
    row("study/perplexity", "perplexity", "", 0, 1.0, Higher, FromZero),
    row("study/gini", "Gini", "", 3, 1.0, Lower, FromZero),
    row("study/bits_per_image", "bits per image", "", 0, 1.0, Neither, FromZero),
    // Captions.
    row("study/nats_per_token", "nats per token", "", 3, 1.0, Lower, Tight),
    row("study/bleu_1", "BLEU-1", "", 1, 100.0, Higher, Tight),
    row("study/bleu_4", "BLEU-4", "", 1, 100.0, Higher, Tight),
    row("study/rouge_l", "ROUGE-L", "", 1, 100.0, Higher, Tight),
    row("study/meteor", "METEOR", "", 1, 100.0, Higher, Tight),
    row("study/cider_d", "CIDEr-D", "", 2, 1.0, Higher, Tight),
    row("study/object_f1", "objects F1", "%", 1, 100.0, Higher, Tight),
    row("study/attributes", "attributes", "%", 1, 100.0, Higher, Tight),
    row("study/directions", "directions", "%", 1, 100.0, Higher, Tight),
    row("study/all_true", "all true", "%", 1, 100.0, Higher, Tight),
    row("study/image_to_text_r1", "image to text R@1", "%", 1, 100.0, Higher, Tight),
    row("study/text_to_image_r1", "text to image R@1", "%", 1, 100.0, Higher, Tight),
    row("study/text_to_image_r10", "text to image R@10", "%", 1, 100.0, Higher, Tight),
    row("study/noun_pointing", "nouns point", "%", 1, 100.0, Higher, Tight),
    row("study/adjective_pointing", "adjectives point", "%", 1, 100.0, Higher, Tight),
    row("validation/captions/negative_log_likelihood", "caption loss", "nats per token", 3, 1.0, Lower, Tight),
    row("validation/captions/accuracy", "caption tokens predicted", "%", 1, 100.0, Higher, Tight),
    // Generators and scene classifiers.
    row("generation/nats_per_id", "nats per id", "", 4, 1.0, Lower, Tight),
    row("generation/perplexity", "perplexity of an id", "", 1, 1.0, Lower, LogIfWide),
    row("classification/object_f1", "objects F1", "%", 2, 100.0, Higher, Tight),
    row("classification/color", "colours", "%", 2, 100.0, Higher, Tight),
    row("classification/all_right", "all right", "%", 2, 100.0, Higher, Tight),
    // Losses.
    row("train/loss", "total loss", "", 4, 1.0, Lower, LogIfWide),
    row("train/reconstruction", "reconstruction loss", "weighted", 4, 1.0, Lower, LogIfWide),
    row("train/codebook", "codebook loss", "", 4, 1.0, Neither, LogIfWide),
    row("train/perceptual", "LPIPS", "", 4, 1.0, Lower, LogIfWide),
    row("train/ms_ssim", "1 - MS-SSIM", "", 4, 1.0, Lower, LogIfWide),
    row("train/laplacian", "Laplacian pyramids", "L1", 4, 1.0, Lower, LogIfWide),
    row("train/adversarial", "adversarial loss", "generator", 4, 1.0, Neither, Tight),
    row("train/adaptive_weight", "adaptive weight", "", 4, 1.0, Neither, LogIfWide),
    row("train/discriminator", "discriminator loss", "", 4, 1.0, Neither, Tight),
    row("train/logits_real", "mean logit of originals", "", 4, 1.0, Neither, Tight),
    row("train/logits_fake", "mean logit of reconstructions", "", 4, 1.0, Neither, Tight),
    row("train/discriminator_gradient_norm", "discriminator gradient norm", "", 4, 1.0, Neither, LogIfWide),
    row("train/r1", "R1 penalty", "", 4, 1.0, Neither, LogIfWide),
    row("train/lecam", "LeCAM term", "", 4, 1.0, Neither, LogIfWide),
    row("train/nats_per_id", "nats per id", "without smoothing", 4, 1.0, Lower, LogIfWide),
    row("train/gradient_norm", "gradient norm", "", 4, 1.0, Neither, LogIfWide),
    // Speed.
    row("train/learning_rate", "learning rate", "", 6, 1.0, Neither, FromZero),
    row("train/images_per_second", "speed", "images/s", 0, 1.0, Higher, FromZero),
    row("study/images_per_second", "images/s", "", 0, 1.0, Higher, FromZero),
    row("study/training_seconds", "training", "s", 0, 1.0, Lower, FromZero),
];

const fn row(
    key: &'static str,
    title: &'static str,
    unit: &'static str,
    digits: usize,
    factor: f64,
    better: Better,
    scale: ChartScale,
) -> FigureInfo {
    FigureInfo { key: Cow::Borrowed(key), title: Cow::Borrowed(title), unit, digits, factor, better, scale }
}

/// The figure `name` of records of `kind`; one that is not in the table is shown under its name.
pub fn figure_info(kind: &str, name: &str) -> FigureInfo {
    match position(kind, name) {
        Some(position) => FIGURES[position].clone(),
        None => FigureInfo {
            key: format!("{kind}/{name}").into(),
            title: name.replace('_', " ").replace('/', " · ").into(),
            unit: "",
            digits: 4,
            factor: 1.0,
            better: Neither,
            scale: if kind == "validation" { Tight } else { LogIfWide },
        },
    }
}

/// Whether the table has the figure `name` of records of `kind`.
pub fn is_known_figure(kind: &str, name: &str) -> bool {
    position(kind, name).is_some()
}

/// Where a figure stands among the figures of its kind: figures of the table in its order, then others, then those of
/// groups of codes.
pub fn rank_of_figure(kind: &str, name: &str) -> usize {
    position(kind, name).unwrap_or(FIGURES.len() + usize::from(name.contains('/')))
}

fn position(kind: &str, name: &str) -> Option<usize> {
    FIGURES.iter().position(|figure| figure.key.split_once('/') == Some((kind, name)))
}

impl FigureInfo {
    /// A value in the figure's unit, with its digits.
    pub fn format(&self, value: f64) -> String {
        format!("{:.*}", self.digits, value * self.factor)
    }

    /// Title and unit: `PSNR (dB)`.
    pub fn heading(&self) -> String {
        match self.unit {
            "" => self.title.to_string(),
            unit => format!("{} ({unit})", self.title),
        }
    }

    /// The title with a capital first letter, for headings of charts.
    pub fn capitalized(&self) -> String {
        let mut letters = self.title.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_figure_is_in_the_table_once() {
        let keys: HashSet<&str> = FIGURES.iter().map(|figure| &*figure.key).collect();
        assert_eq!(keys.len(), FIGURES.len());
    }

    #[test]
    fn values_are_printed_in_their_unit() {
        assert_eq!(figure_info("validation", "usage").format(0.5789), "57.9");
        assert_eq!(figure_info("validation", "psnr").heading(), "PSNR (dB)");
        assert_eq!(figure_info("train", "loss").capitalized(), "Total loss");
    }

    #[test]
    fn unknown_figures_come_last_under_their_name() {
        assert_eq!(figure_info("train", "word_supervision").capitalized(), "Word supervision");
        let mut names = ["groups/noun/used", "new_metric", "usage", "psnr"];
        names.sort_by_key(|name| rank_of_figure("validation", name));
        assert_eq!(names, ["psnr", "usage", "new_metric", "groups/noun/used"]);
    }
}
