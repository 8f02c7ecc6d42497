//! The ground truth of a scene.

use image::GrayImage;

use crate::{Backdrop, Relation, SceneGroup, SceneObject, Wording};

/// The ground truth of a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneTruth {
    /// The groups of objects; no noun occurs twice.
    pub groups: Vec<SceneGroup>,
    /// All objects, group by group; a later one covers an earlier one.
    pub objects: Vec<SceneObject>,
    /// Every relation that holds between two groups.
    ///
    /// A relation holds if it does for each object of the one group and each of the other, by the centres of their
    /// boxes and with a margin of a sixth of the image's side.
    pub relations: Vec<Relation>,
    /// `[S, S]`: 0 for the background, `i + 1` where object `i` is visible and at least half opaque.
    pub map: GrayImage,
    /// The kind of the backdrop.
    pub backdrop: Backdrop,
    /// The structure of the caption.
    pub wording: Wording,
}
