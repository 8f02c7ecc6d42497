//! The configuration of a world.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use vq_data::DataError;

use crate::nouns::scene_nouns;
use crate::purpose::Purpose;

/// The largest number of objects in a scene.
const MAX_OBJECTS: u8 = 4;

/// The split of scenes; different splits never use the same random numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SceneSplit {
    /// For training: no [held-out](crate::is_held_out) pair of adjective and noun is shown or named.
    #[default]
    Train,
    /// Other scenes of the same pairs as training.
    Validation,
    /// Every scene has an object with a held-out pair.
    HeldOut,
}

impl SceneSplit {
    pub(crate) fn purpose(self) -> Purpose {
        match self {
            Self::Train => Purpose::Train,
            Self::Validation => Purpose::Validation,
            Self::HeldOut => Purpose::HeldOut,
        }
    }

    /// The value in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::HeldOut => "held-out",
        }
    }
}

/// The labels of a sample's segmentation; 0 is always the background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SceneMap {
    /// The number of the object, from 1 in the order in which objects are drawn.
    #[default]
    Objects,
    /// The position of the object's noun among those of the world, in the order of [`scene_nouns`](crate::scene_nouns),
    /// from 1.
    Nouns,
}

impl SceneMap {
    /// Whether it is the default, which is not serialized.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The configuration of a world of scenes.
///
/// ```toml
/// size = 64
/// seed = 0
/// objects = { start = 1, end = 4 }
/// split = "train"                  # or "validation" or "held-out"
/// length = 100000
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneConfig {
    /// Height and width of a scene in pixels, S; 32 to 256.
    pub size: u32,
    /// The seed of all scenes; 0 by default.
    #[serde(default)]
    pub seed: u64,
    /// The range of the number of objects, which is drawn uniformly; within `1..=4`, the default.
    #[serde(default = "default_objects")]
    pub objects: RangeInclusive<u8>,
    /// The nouns of the world, at least four; all by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nouns: Vec<String>,
    /// The split, which decides the pairs of adjective and noun; `train` by default.
    #[serde(default)]
    pub split: SceneSplit,
    /// The number of scenes of the world as an [`ImageSource`](vq_data::ImageSource); 100,000 by default.
    #[serde(default = "default_length")]
    pub length: usize,
    /// The labels of the segmentation; `objects` by default.
    #[serde(default, skip_serializing_if = "SceneMap::is_default")]
    pub map: SceneMap,
}

impl SceneConfig {
    /// The defaults: 100,000 training scenes of seed 0 with all nouns.
    #[must_use]
    pub fn new(size: u32) -> Self {
        Self {
            size,
            seed: 0,
            objects: default_objects(),
            nouns: Vec::new(),
            split: SceneSplit::default(),
            length: default_length(),
            map: SceneMap::default(),
        }
    }

    /// Checks all values.
    ///
    /// # Errors
    ///
    /// If a value is outside of its range; the error names the key.
    pub fn check(&self) -> Result<(), DataError> {
        let refuse = |key: &str, expected: &str, got: String| {
            Err(DataError::unexpected(format!("check scenes: {key}"), expected, got))
        };
        if !(32..=256).contains(&self.size) {
            return refuse("size", "32 to 256 pixels", self.size.to_string());
        }
        let (min, max) = (*self.objects.start(), *self.objects.end());
        if min == 0 || max > MAX_OBJECTS || min > max {
            return refuse("objects", "a range within 1..=4", format!("{min}..={max}"));
        }
        let known = scene_nouns()?;
        if let Some(got) = self.nouns.iter().find(|&noun| known.iter().all(|known| known.singular != noun)) {
            let nearest = known
                .iter()
                .max_by(|a, b| strsim::jaro_winkler(a.singular, got).total_cmp(&strsim::jaro_winkler(b.singular, got)));
            let nearest = nearest.map_or("", |noun| noun.singular);
            return refuse("nouns", &format!("nouns of scenes, such as `{nearest}`"), format!("`{got}`"));
        }
        let distinct: HashSet<&String> = self.nouns.iter().collect();
        if !self.nouns.is_empty() && distinct.len() < usize::from(MAX_OBJECTS) {
            return refuse("nouns", "at least 4 nouns, or none for all", distinct.len().to_string());
        }
        if self.length == 0 {
            return refuse("length", "at least 1 scene", "0".to_owned());
        }
        Ok(())
    }
}

fn default_objects() -> RangeInclusive<u8> {
    1..=MAX_OBJECTS
}

fn default_length() -> usize {
    100_000
}
