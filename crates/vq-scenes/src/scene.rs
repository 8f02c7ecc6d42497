//! One scene.

use image::{RgbImage, imageops};

use crate::SceneTruth;

/// An image with its caption and ground truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// `[S, S, 3]`.
    pub image: RgbImage,
    /// In plain words, lower case: `a small red apple left of two black cats`.
    pub caption: String,
    /// The ground truth.
    pub truth: SceneTruth,
}

impl Scene {
    /// The scene mirrored left to right: `left of` and `right of` are exchanged in relations and caption, so both are
    /// true again.
    ///
    /// A scene that is mirrored twice equals itself.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut truth = self.truth.clone();
        let width = self.image.width();
        truth.map = imageops::flip_horizontal(&truth.map);
        for object in &mut truth.objects {
            object.area = object.area.mirrored(width);
        }
        for relation in &mut truth.relations {
            relation.direction = relation.direction.mirrored();
        }
        // The order in which relations are found.
        truth.relations.sort_unstable_by_key(|relation| (relation.subject, relation.reference, relation.direction));
        truth.wording = truth.wording.mirrored();
        Self { image: imageops::flip_horizontal(&self.image), caption: truth.wording.caption(&truth.groups), truth }
    }

    /// The caption with each direction reversed (`left of` becomes `right of`), which names the same objects and is
    /// false; `None` if the caption has no direction.
    #[must_use]
    pub fn false_caption(&self) -> Option<String> {
        Some(self.truth.wording.reversed()?.caption(&self.truth.groups))
    }
}
