//! The experiment of a tokenizer.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vq_core::DeviceChoice;
use vq_model::AutoencoderConfig;
use vq_run::UsageRemedy;

use crate::error::check_value;
use crate::train::check_name;
use crate::{
    AdamConfig, AdversarialConfig, BestBy, CaptionsConfig, ConfigError, DataConfig, GuardsConfig, LossConfig,
    QuantizerConfig, ScheduleConfig, TrainConfig,
};

/// The smallest images that validation can measure: SSIM's window.
const SMALLEST: i64 = 11;

/// Everything that decides the run of a tokenizer; unknown keys are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The name, which names the run folder.
    pub name: String,
    /// Seeds initial weights, order of the data, backgrounds and dropout.
    #[serde(default)]
    pub seed: u64,
    /// `auto`, `cpu` or `cuda:N`.
    #[serde(default)]
    pub device: DeviceChoice,
    /// What to train on.
    pub data: DataConfig,
    /// Encoder and decoder.
    pub autoencoder: AutoencoderConfig,
    /// Codebook and quantizer.
    pub quantizer: QuantizerConfig,
    /// The image loss.
    #[serde(default)]
    pub loss: LossConfig,
    /// Optional discriminator and its loss options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adversarial: Option<AdversarialConfig>,
    /// Captions as supervision of codes; none: captions are not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captions: Option<CaptionsConfig>,
    /// The trained tokenizer to start from; none: random weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartConfig>,
    /// The optimizer.
    #[serde(default)]
    pub optimizer: AdamConfig,
    /// The learning rate over the steps.
    pub schedule: ScheduleConfig,
    /// Lengths and intervals.
    pub train: TrainConfig,
    /// What happens when steps go wrong.
    #[serde(default)]
    pub guards: GuardsConfig,
}

/// A trained tokenizer to start from, with the same autoencoder and quantizer; its words are used too.
/// The modules of captions start from random weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartConfig {
    /// A run folder, or a checkpoint. A resumed run does not need it any more.
    pub run: PathBuf,
    /// Which of its weights, if it kept an average of them.
    #[serde(default)]
    pub weights: Weights,
    /// What is trained.
    #[serde(default)]
    pub learn: Learn,
}

/// What is trained in a run that starts from a trained tokenizer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learn {
    /// Everything.
    #[default]
    All,
    /// The modules of captions; the tokenizer is frozen.
    Captions,
}

/// Which parameters of a checkpoint are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weights {
    /// The averaged ones, if the run kept an average, else those of the last step.
    #[default]
    Ema,
    /// Those of the last step.
    Raw,
}

impl Experiment {
    /// What is trained in this run.
    pub fn learns(&self) -> Learn {
        self.start.as_ref().map_or(Learn::All, |start| start.learn)
    }

    /// Checks what needs neither disk nor device.
    ///
    /// # Errors
    /// The first value that is out of range or does not fit the others, named by its key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { data, autoencoder, quantizer, schedule, optimizer, train, guards, captions, .. } = self;
        check_name(&self.name)?;
        autoencoder.check()?;
        schedule.check()?;
        optimizer.check()?;
        self.loss.check()?;
        self.adversarial.iter().try_for_each(AdversarialConfig::check)?;
        guards.check()?;
        captions.iter().try_for_each(|captions| captions.check(quantizer))?;
        let trainable = self.learns() == Learn::All || (captions.is_some() && self.adversarial.is_none());
        let expected = "a `captions` table and no `adversarial` one, if only captions are trained";
        check_value("start.learn", trainable, expected, "captions")?;
        let by = train.best_by.unwrap_or(BestBy::Psnr);
        let expected = "`psnr`, `ssim` or `ms-ssim` for a tokenizer";
        check_value("train.best_by", by.image_metric().is_some(), expected, by.name())?;
        let revives = guards.usage.as_ref().is_some_and(|usage| usage.remedy == UsageRemedy::Revive);
        let expected = "`warn` or `stop` for codes that cannot be moved one by one";
        check_value("guards.usage.remedy", !revives || quantizer.learns_single_codes(), expected, "revive")?;
        let factor = autoencoder.factor();
        data.check(factor)?;
        self.check_grid(i64::from(data.transform.size) / factor)?;
        self.check_size(i64::from(data.transform.size))?;
        train.check()
    }

    /// Checks that the translator has positions for a token grid of this side.
    fn check_grid(&self, side: i64) -> Result<(), ConfigError> {
        let Some(CaptionsConfig { translator, .. }) = &self.captions else { return Ok(()) };
        let expected = format!("`max_rows` and `max_columns` of at least {side}, the side of the token grid");
        let got = format!("{} and {}", translator.max_rows, translator.max_columns);
        check_value(
            "captions.translator",
            side <= translator.max_rows && side <= translator.max_columns,
            &expected,
            got,
        )
    }

    /// Checks that images of this side are large enough for every metric and loss.
    fn check_size(&self, side: i64) -> Result<(), ConfigError> {
        let discriminator =
            self.adversarial.as_ref().map(|config| (config.discriminator.smallest(), "the discriminator"));
        let needs = std::iter::once((SMALLEST, "SSIM's window")).chain(self.loss.smallest()).chain(discriminator);
        let Some((smallest, what)) = needs.max_by_key(|(size, _)| *size) else { return Ok(()) };
        check_value("data.transform.size", side >= smallest, &format!("at least {smallest}, which {what} needs"), side)
    }
}
