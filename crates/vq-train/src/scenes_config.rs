//! Scenes of emoji, from configuration to sources.

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vq_data::{Crop, EmojiScenes, Flip, SceneConfig, SceneMap, SceneSplit, Transform};

use crate::TrainError;
use crate::images::Images;

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
pub struct ScenesConfig {
    /// Decides all scenes.
    #[serde(default)]
    pub seed: u64,
    /// How many objects a scene has, within `1..=4`, which is the default.
    #[serde(default = "default_objects")]
    pub objects: RangeInclusive<u8>,
    /// The nouns of the scenes, at least four; all if not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nouns: Vec<String>,
    /// Scenes to train on, after which they come again; 100,000 if not given.
    #[serde(default = "default_train")]
    pub train: usize,
    /// Scenes to validate on; 1,000 if not given.
    #[serde(default = "default_validation")]
    pub validation: usize,
    /// Whether these are of the pairs of words that training has, or of those that it never has.
    #[serde(default = "default_split")]
    pub validate_on: SceneSplit,
    /// What the numbers of their segmentations stand for.
    #[serde(default, skip_serializing_if = "SceneMap::is_default")]
    pub map: SceneMap,
}

impl ScenesConfig {
    /// Checks what can be checked without making a scene.
    ///
    /// # Errors
    /// If a scene cannot have such a size or number of objects, if there are no scenes, if validation is on the scenes of
    /// training, or if images are mirrored or cropped, which makes captions wrong.
    pub fn check(&self, transform: &Transform) -> Result<(), TrainError> {
        if transform.flip != Flip::Never {
            let expected = "`never` for scenes, whose captions say `left` and `right`".into();
            return Err(TrainError::Option { key: "data.transform.flip", expected, got: "random".into() });
        }
        if transform.crop != Crop::Center {
            let expected = "`center` for scenes, whose captions name what a crop might lose".into();
            return Err(TrainError::Option { key: "data.transform.crop", expected, got: "random".into() });
        }
        if self.validate_on == SceneSplit::Train {
            let expected = "`validation` or `held-out`".into();
            return Err(TrainError::Option { key: "data.source.validate_on", expected, got: "train".into() });
        }
        if self.validation == 0 {
            let expected = "at least 1 scene".into();
            return Err(TrainError::Option { key: "data.source.validation", expected, got: "0".into() });
        }
        Ok(self.world(transform.size).check()?)
    }

    /// Makes both worlds, which share their sprites.
    pub(crate) fn open(&self, transform: &Transform) -> Result<Images, TrainError> {
        let train = EmojiScenes::new(self.world(transform.size))?;
        let validation = train.part(self.validate_on, self.validation);
        Ok(Images { train: Arc::new(train), validation: Arc::new(validation), sources: Vec::new() })
    }

    /// The worlds of training, of validation, and of as many scenes as validation has that are held out.
    pub(crate) fn worlds(&self, transform: &Transform) -> Result<[EmojiScenes; 3], TrainError> {
        let train = EmojiScenes::new(self.world(transform.size))?;
        let [validation, held_out] =
            [SceneSplit::Validation, SceneSplit::HeldOut].map(|split| train.part(split, self.validation));
        Ok([train, validation, held_out])
    }

    /// The world of the validation set.
    pub(crate) fn validation_world(&self, transform: &Transform) -> Result<EmojiScenes, TrainError> {
        let Self { validate_on, validation, .. } = *self;
        Ok(EmojiScenes::new(SceneConfig { split: validate_on, length: validation, ..self.world(transform.size) })?)
    }

    fn world(&self, size: u32) -> SceneConfig {
        let Self { seed, objects, nouns, train, map, .. } = self.clone();
        SceneConfig { size, seed, objects, nouns, split: SceneSplit::Train, length: train, map }
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
