use std::collections::HashSet;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::nouns::scene_nouns;
use crate::DataError;
use crate::order::Purpose;

/// The most objects in a scene.
pub(super) const MOST_OBJECTS: u8 = 4;

/// Which scenes are made; those of different splits are never drawn from the same random numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SceneSplit {
    /// For training: no pair of adjective and noun that is [held out](super::is_held_out) is shown or named.
    #[default]
    Train,
    /// Of the same pairs as training, but other scenes.
    Validation,
    /// Every scene has an object with a pair that is held out.
    HeldOut,
}

impl SceneSplit {
    pub(super) fn purpose(self) -> Purpose {
        match self {
            Self::Train => Purpose::TrainScene,
            Self::Validation => Purpose::ValidationScene,
            Self::HeldOut => Purpose::HeldOutScene,
        }
    }

    /// As in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::HeldOut => "held-out",
        }
    }
}

/// What the numbers of a scene's map stand for, where the scene is a sample; 0 is always the background.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SceneMap {
    /// Objects, counted from 1 in the order in which they are drawn.
    #[default]
    Objects,
    /// What things are: the place of their noun among those of the world, in the order of
    /// [`scene_nouns`](super::scene_nouns), from 1.
    Nouns,
}

impl SceneMap {
    /// Whether it is the default, which is not written.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which scenes are made.
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
    /// Decides all scenes; 0 if not given.
    #[serde(default)]
    pub seed: u64,
    /// How many objects a scene has, drawn uniformly; within `1..=4`, which is taken if not given.
    #[serde(default = "default_objects")]
    pub objects: RangeInclusive<u8>,
    /// The nouns of the world, at least four; all if not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nouns: Vec<String>,
    /// Which pairs of adjective and noun there are; `train` if not given.
    #[serde(default)]
    pub split: SceneSplit,
    /// How many scenes the world has as an [`ImageSource`](crate::ImageSource), which must end; 100,000 if not given.
    #[serde(default = "default_length")]
    pub length: usize,
    /// What the numbers of the segmentation stand for; `objects` if not given.
    #[serde(default, skip_serializing_if = "SceneMap::is_default")]
    pub map: SceneMap,
}

impl SceneConfig {
    /// The first 100,000 training scenes of seed 0 with all that the defaults allow.
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
        let (least, most) = (*self.objects.start(), *self.objects.end());
        if least == 0 || most > MOST_OBJECTS || least > most {
            return refuse("objects", "a range within 1..=4", format!("{least}..={most}"));
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
        if !self.nouns.is_empty() && distinct.len() < usize::from(MOST_OBJECTS) {
            return refuse("nouns", "at least 4 nouns, or none for all", distinct.len().to_string());
        }
        if self.length == 0 {
            return refuse("length", "at least 1 scene", "0".to_owned());
        }
        Ok(())
    }
}

fn default_objects() -> RangeInclusive<u8> {
    1..=MOST_OBJECTS
}

fn default_length() -> usize {
    100_000
}
