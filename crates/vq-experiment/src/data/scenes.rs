//! Scenes of emoji.

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vq_data::{Crop, Flip, Transform};
use vq_scenes::{EmojiScenes, SceneConfig, SceneMap, SceneSplit};

use super::images::{Images, Storage};
use super::source::Source;
use crate::ConfigError;
use crate::error::check_value;

/// Scenes made of the embedded emoji, at the size of training.
///
/// ```toml
/// kind = "scenes"
/// seed = 0
/// objects = { start = 1, end = 4 }
/// nouns = ["apple", "cat", "star", "car"]     # all if not given
/// train = 100000                   # scenes in an epoch
/// validation = 1000                # scenes to validate on
/// validate_on = "held-out"         # or "validation", the default
/// map = "nouns"                    # or "objects", the default
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneSourceConfig {
    /// The seed of all scenes.
    #[serde(default)]
    pub seed: u64,
    /// How many objects a scene has, within `1..=4`, which is the default.
    #[serde(default = "default_objects")]
    pub objects: RangeInclusive<u8>,
    /// The nouns of the scenes, at least four; all if not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nouns: Vec<String>,
    /// Scenes in an epoch; 100,000 if not given.
    #[serde(default = "default_train")]
    pub train: usize,
    /// Scenes to validate on; 1,000 if not given.
    #[serde(default = "default_validation")]
    pub validation: usize,
    /// Whether these have the pairs of words of training, or pairs that training never has.
    #[serde(default = "default_split")]
    pub validate_on: SceneSplit,
    /// The meaning of the labels of their segmentations.
    #[serde(default, skip_serializing_if = "SceneMap::is_default")]
    pub map: SceneMap,
}

impl SceneSourceConfig {
    /// The scenes to train on, those to validate on, and as many held-out scenes.
    ///
    /// # Errors
    /// [`ConfigError::Data`] if a scene cannot have such a size, objects or nouns.
    pub fn worlds(&self, transform: &Transform) -> Result<[EmojiScenes; 3], ConfigError> {
        let train = EmojiScenes::new(self.world(transform.size))?;
        let [validation, held_out] =
            [SceneSplit::Validation, SceneSplit::HeldOut].map(|split| train.part(split, self.validation));
        Ok([train, validation, held_out])
    }

    /// The scenes to validate on.
    ///
    /// # Errors
    /// [`ConfigError::Data`] if a scene cannot have such a size, objects or nouns.
    pub fn validation_world(&self, transform: &Transform) -> Result<EmojiScenes, ConfigError> {
        let Self { validate_on, validation, .. } = *self;
        Ok(EmojiScenes::new(SceneConfig { split: validate_on, length: validation, ..self.world(transform.size) })?)
    }

    fn world(&self, size: u32) -> SceneConfig {
        let Self { seed, objects, nouns, train, map, .. } = self.clone();
        SceneConfig { size, seed, objects, nouns, split: SceneSplit::Train, length: train, map }
    }
}

impl Source for SceneSourceConfig {
    fn check(&self, transform: &Transform) -> Result<(), ConfigError> {
        let expected = "`never` for scenes, whose captions say `left` and `right`";
        check_value("data.transform.flip", transform.flip == Flip::Never, expected, "random")?;
        let expected = "`center` for scenes, whose captions name what a crop might lose";
        check_value("data.transform.crop", transform.crop == Crop::Center, expected, "random")?;
        let expected = "`validation` or `held-out`";
        check_value("data.source.validate_on", self.validate_on != SceneSplit::Train, expected, "train")?;
        check_value("data.source.validation", self.validation > 0, "at least 1 scene", self.validation)?;
        Ok(self.world(transform.size).check()?)
    }

    /// Makes both worlds, which share their sprites.
    fn open(&self, transform: &Transform, _storage: Storage) -> Result<Images, ConfigError> {
        let train = EmojiScenes::new(self.world(transform.size))?;
        let validation = train.part(self.validate_on, self.validation);
        Ok(Images::new(Arc::new(train), Arc::new(validation)))
    }
}

fn default_objects() -> RangeInclusive<u8> {
    1..=4
}

fn default_train() -> usize {
    100_000
}

fn default_validation() -> usize {
    1_000
}

fn default_split() -> SceneSplit {
    SceneSplit::Validation
}
