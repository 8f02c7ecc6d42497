//! Arguments of `vqct generate`: conditions, and how ids are sampled.

use anyhow::{Result, bail};
use vq_generate::{GenerationConfig, Order, RoundsConfig, SampleConfig};

/// What is generated; each option is repeatable. IMAGE is a file, `emoji:NAME`, or `validation:N`, the image of that
/// number of the generator's validation set.
#[derive(Debug, clap::Args)]
pub(super) struct ConditionArgs {
    /// A class, by name or number.
    #[arg(long = "class", value_name = "CLASS")]
    pub(super) classes: Vec<String>,
    /// A text.
    #[arg(long = "text", value_name = "TEXT")]
    pub(super) texts: Vec<String>,
    /// A segmentation: a grey picture whose levels are labels, or a coloured one as `vq-data` colours them.
    #[arg(long = "segmentation", value_name = "IMAGE")]
    pub(super) segmentations: Vec<String>,
    /// Generate the white part of the mask, a picture as large as the image, and keep the rest.
    #[arg(long, num_args = 2, value_names = ["IMAGE", "MASK"], conflicts_with = "complete")]
    pub(super) inpaint: Vec<String>,
    /// Keep the upper rows of ids of this image, and generate the others.
    #[arg(long, value_name = "IMAGE")]
    pub(super) complete: Vec<String>,
    /// Rows of ids that are kept [default: half].
    #[arg(long, value_name = "ROWS", requires = "complete")]
    pub(super) keep_rows: Option<i64>,
}

/// How ids are sampled.
#[derive(Debug, clap::Args)]
pub(crate) struct Sampling {
    /// Images for each request.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) count: usize,
    /// The seed of the first image; the others have the numbers that follow.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Images that are generated at a time; decides speed and memory, not the images.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) batch: usize,
    /// Divides log-probabilities before sampling: lower values sharpen the distribution, higher ones flatten it.
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    temperature: f64,
    /// Sample among the K likeliest ids; all if there are fewer.
    #[arg(long, value_name = "K")]
    top_k: Option<i64>,
    /// Sample among the fewest likeliest ids whose probabilities sum to P.
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    top_p: f64,
    /// Weight of the condition (classifier-free guidance); 1: no guidance.
    #[arg(long, value_name = "W", default_value_t = 1.0)]
    guidance: f64,
    /// Rounds of a masked generator [default: 8].
    #[arg(long, value_name = "N")]
    rounds: Option<i64>,
    /// Temperature of the choice of ids that a masked generator keeps in a round [default: 4.5].
    #[arg(long, value_name = "T")]
    choice_temperature: Option<f64>,
}

impl Sampling {
    pub(crate) fn config(&self, order: Order) -> Result<GenerationConfig> {
        let draw = SampleConfig { temperature: self.temperature, top_k: self.top_k, top_p: self.top_p };
        let of_rounds = self.rounds.is_some() || self.choice_temperature.is_some();
        let rounds = match order {
            Order::Masked => {
                let default = RoundsConfig::default();
                let steps = self.rounds.unwrap_or(default.steps);
                let choice_temperature = self.choice_temperature.unwrap_or(default.choice_temperature);
                Some(RoundsConfig { steps, choice_temperature })
            }
            Order::Autoregressive { .. } if of_rounds => {
                bail!("--rounds and --choice-temperature: expected a masked generator, got an autoregressive one")
            }
            Order::Autoregressive { .. } => None,
        };
        let config = GenerationConfig { draw, guidance: self.guidance, rounds };
        config.check()?;
        for (name, value) in [("--count", self.count), ("--batch", self.batch)] {
            if value == 0 {
                bail!("{name}: expected at least 1, got 0");
            }
        }
        Ok(config)
    }
}
