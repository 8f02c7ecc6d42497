//! The experiment of a scene classifier.

use serde::{Deserialize, Serialize};
use vq_core::DeviceChoice;
use vq_model::SceneClassifierConfig;
use vq_scenes::SceneSplit;

use crate::error::check_value;
use crate::train::check_name;
use crate::{
    AdamConfig, BestBy, ConfigError, DataConfig, GuardsConfig, SceneSourceConfig, ScheduleConfig, TrainConfig,
};

/// Everything that decides the run of a scene classifier; unknown keys are errors.
///
/// ```toml
/// name = "scene-classifier"
///
/// [data]                           # as of a tokenizer; the source must be `scenes`
/// source = { kind = "scenes", objects = { start = 1, end = 2 } }
/// transform = { size = 64, background = { color = [255, 255, 255] }, flip = "never" }
/// batch_size = 32
///
/// [network]
/// widths = [32, 64, 128]
///
/// [schedule]
/// learning_rate = 2e-3
///
/// [train]
/// steps = 1500
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneClassifierExperiment {
    /// The name, which names the run folder.
    pub name: String,
    /// Seeds initial weights and the order of the scenes.
    #[serde(default)]
    pub seed: u64,
    /// `auto`, `cpu` or `cuda:N`.
    #[serde(default)]
    pub device: DeviceChoice,
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
    /// Lengths and intervals.
    pub train: TrainConfig,
    /// What happens when steps go wrong.
    #[serde(default)]
    pub guards: GuardsConfig,
}

impl SceneClassifierExperiment {
    /// Checks what can be checked without making a scene.
    ///
    /// # Errors
    /// The first value that is out of range or does not fit the others, named by its key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { name, data, network, optimizer, schedule, train, guards, .. } = self;
        check_name(name)?;
        optimizer.check()?;
        schedule.check()?;
        network.check()?;
        guards.check()?;
        train.check()?;
        data.check(network.factor())?;
        let scenes = self.scenes()?;
        let expected = "`validation`; held-out scenes are measured besides";
        let validation = scenes.validate_on == SceneSplit::Validation;
        check_value("data.source.validate_on", validation, expected, scenes.validate_on.name())?;
        let plain = data.transform.jitter == Default::default();
        check_value("data.transform.jitter", plain, "none, since colours are classified", "some")?;
        let expected = "none for a scene classifier, which has no codebook";
        check_value("guards.usage", guards.usage.is_none(), expected, "a table")?;
        let by = train.best_by.unwrap_or(BestBy::ObjectF1);
        check_value("train.best_by", by == BestBy::ObjectF1, "`object-f1` for a scene classifier", by.name())
    }

    /// The scenes that it is trained on.
    ///
    /// # Errors
    /// [`ConfigError::Value`] if the source is another one.
    pub fn scenes(&self) -> Result<&SceneSourceConfig, ConfigError> {
        let expected = "`scenes`, whose truth is known";
        self.data.source.scenes().ok_or_else(|| ConfigError::value("data.source.kind", expected, "another"))
    }
}
