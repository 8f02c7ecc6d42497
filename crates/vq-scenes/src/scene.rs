use image::{RgbImage, imageops};

use super::SceneTruth;

/// A picture, what it is called, and what is true of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// `[S, S, 3]`.
    pub image: RgbImage,
    /// In plain words, lower case: `a small red apple left of two black cats`.
    pub caption: String,
    /// All that is known.
    pub truth: SceneTruth,
}

impl Scene {
    /// The scene mirrored left to right, in which everything that is said is true again: `left of` and `right of`
    /// change places in relations and caption.
    ///
    /// Mirrored twice, it is the scene itself.
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
        // In the order in which they are found.
        truth.relations.sort_unstable_by_key(|relation| (relation.subject, relation.reference, relation.direction));
        truth.wording = truth.wording.mirrored();
        Self { image: imageops::flip_horizontal(&self.image), caption: truth.wording.say(&truth.groups), truth }
    }

    /// The caption with each direction turned round (`left of` becomes `right of`), which names the same things and is
    /// false; none if the caption tells no direction.
    #[must_use]
    pub fn false_caption(&self) -> Option<String> {
        Some(self.truth.wording.opposed()?.say(&self.truth.groups))
    }
}
