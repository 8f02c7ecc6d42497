use std::path::Path;

use serde::{Deserialize, Serialize};
use vq_core::DeviceChoice;
use vq_data::SceneSplit;
use vq_model::SceneClassifierConfig;

use crate::config_file::load_config;
use crate::{AdamConfig, DataConfig, ScenesConfig, ScheduleConfig, SourceConfig, TrainError};

/// Everything that decides a judge of scenes; unknown keys are refused.
///
/// ```toml
/// name = "scenes64-judge"
/// steps = 1500
///
/// [data]                           # as of an experiment; the source must be `scenes`
/// source = { kind = "scenes", objects = { start = 1, end = 2 } }
/// transform = { size = 64, background = { color = [255, 255, 255] }, flip = "never" }
/// batch_size = 32
///
/// [network]
/// widths = [32, 64, 128]
///
/// [schedule]
/// learning_rate = 2e-3
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeConfig {
    /// What it is called.
    pub name: String,
    /// Decides initial weights and the order of the scenes.
    #[serde(default)]
    pub seed: u64,
    /// `auto`, `cpu` or `cuda:N`.
    #[serde(default)]
    pub device: DeviceChoice,
    /// Batches that it learns from.
    pub steps: u64,
    /// A record every so many steps.
    #[serde(default = "default_log_every")]
    pub log_every: u64,
    /// The scenes.
    pub data: DataConfig,
    /// The network.
    #[serde(default)]
    pub network: SceneClassifierConfig,
    /// The optimizer.
    #[serde(default)]
    pub optimizer: AdamConfig,
    /// The learning rate over the steps.
    pub schedule: ScheduleConfig,
}

fn default_log_every() -> u64 {
    50
}

impl JudgeConfig {
    /// Reads a TOML file, with overrides `dotted.key=value` laid over it.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be read, [`TrainError::Config`] if it is no such configuration, otherwise as
    /// [`check`](Self::check).
    pub fn read(path: &Path, overrides: &[String]) -> Result<Self, TrainError> {
        let config: Self = load_config(path, overrides)?;
        config.check()?;
        Ok(config)
    }

    /// Checks what can be checked without making a scene.
    ///
    /// # Errors
    /// The first thing that is wrong, named by key.
    pub fn check(&self) -> Result<(), TrainError> {
        let Self { steps, log_every, data, network, optimizer, schedule, .. } = self;
        let refuse = |key, expected: String, got: String| Err(TrainError::Option { key, expected, got });
        let counts = [("steps", *steps), ("log_every", *log_every), ("data.batch_size", data.batch_size as u64)];
        if let Some((key, _)) = counts.into_iter().find(|&(_, count)| count == 0) {
            return refuse(key, "at least 1".into(), "0".into());
        }
        optimizer.check()?;
        schedule.check()?;
        network.check()?;
        let scenes = self.scenes()?;
        scenes.check(&data.transform)?;
        if scenes.validate_on != SceneSplit::Validation {
            let expected = "`validation`: a judge is measured on scenes that are held out besides";
            return refuse("data.source.validate_on", expected.into(), scenes.validate_on.name().into());
        }
        if data.transform.jitter != Default::default() {
            return refuse("data.transform.jitter", "none, since colours are judged".into(), "some".into());
        }
        let (size, factor) = (data.transform.size, network.factor());
        if i64::from(size) % factor != 0 {
            let expected = format!("a multiple of {factor}, the network's factor");
            return refuse("data.transform.size", expected, size.to_string());
        }
        Ok(())
    }

    /// The scenes that it learns from.
    pub(super) fn scenes(&self) -> Result<&ScenesConfig, TrainError> {
        match &self.data.source {
            SourceConfig::Scenes(scenes) => Ok(scenes),
            _ => {
                let (expected, got) = ("`scenes`, whose truth is known".into(), "another".into());
                Err(TrainError::Option { key: "data.source.kind", expected, got })
            }
        }
    }
}
