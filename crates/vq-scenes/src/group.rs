//! The groups and objects of a scene.

use serde::{Deserialize, Serialize};

use crate::{Adjectives, Color, PixelBox};

/// Objects of one kind, which a caption names together: `two small red apples`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneGroup {
    /// Unicode's name of the emoji.
    pub emoji: String,
    /// The noun, singular.
    pub noun: String,
    /// The noun, plural.
    pub plural: String,
    /// The adjectives before the noun.
    pub adjectives: Adjectives,
    /// The colour of more than half of the emoji before it is tinted, if there is one.
    pub natural_color: Option<Color>,
    /// The number of objects.
    pub count: u8,
}

/// One object of a scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneObject {
    /// The index of its group in [`SceneTruth::groups`](crate::SceneTruth::groups).
    pub group: usize,
    /// The smallest box around its pixels of the map.
    pub area: PixelBox,
    /// The longer side of the sprite in pixels, including covered parts; decides the size in the caption.
    pub side: u32,
    /// The share that no other object covers, in percent of its own pixels, rounded down; at least 85.
    pub visible: u8,
}
