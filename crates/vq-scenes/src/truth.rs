use image::GrayImage;
use serde::{Deserialize, Serialize};

use super::{Adjectives, Backdrop, Color, Wording};

/// Where something lies from something else, as the viewer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Left of it.
    Left,
    /// Right of it.
    Right,
    /// Above it.
    Above,
    /// Below it.
    Below,
}

impl Direction {
    /// All directions.
    pub const ALL: [Self; 4] = [Self::Left, Self::Right, Self::Above, Self::Below];

    /// The direction in a mirror: left and right change places.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
            Self::Above | Self::Below => self,
        }
    }

    /// The direction in which the reference lies from the subject.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
            Self::Above => Self::Below,
            Self::Below => Self::Above,
        }
    }

    /// The words of a caption.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Left => "left of",
            Self::Right => "right of",
            Self::Above => "above",
            Self::Below => "below",
        }
    }
}

/// A box of whole pixels; the right and bottom edges lie outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PixelBox {
    /// The first column.
    pub left: u32,
    /// The first row.
    pub top: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl PixelBox {
    /// Twice the centre, in pixels from the top left: twice, to be whole.
    #[must_use]
    pub fn doubled_center(self) -> [u32; 2] {
        [2 * self.left + self.width, 2 * self.top + self.height]
    }

    /// The box in a picture of this width that is mirrored left to right.
    #[must_use]
    pub fn mirrored(self, width: u32) -> Self {
        Self { left: width - self.left - self.width, ..self }
    }
}

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
    /// What is said before the noun.
    pub adjectives: Adjectives,
    /// The colour that more than half of the emoji has before it is tinted, if one has.
    pub natural_color: Option<Color>,
    /// How many objects.
    pub count: u8,
}

/// One thing in a scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneObject {
    /// Its group, in [`SceneTruth::groups`].
    pub group: usize,
    /// The smallest box around its pixels of the map.
    pub area: PixelBox,
    /// The longer side of the sprite in pixels, covered parts included; decides which size is said.
    pub side: u32,
    /// How much of it nothing covers, in percent of its own pixels, rounded down; at least 85.
    pub visible: u8,
}

/// Where one group lies from another; see [`SceneTruth::relations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// The group of which it is said.
    pub subject: usize,
    /// Where it lies.
    pub direction: Direction,
    /// The group from which this is seen.
    pub reference: usize,
}

/// All that is known of a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneTruth {
    /// What there is; no noun twice.
    pub groups: Vec<SceneGroup>,
    /// Each single thing, group by group; a later one covers an earlier one.
    pub objects: Vec<SceneObject>,
    /// Every relation that holds between two groups.
    ///
    /// It holds if it does for each object of the one and each of the other, by the centres of their boxes and with
    /// a margin of a sixth of the picture's side.
    pub relations: Vec<Relation>,
    /// `[S, S]`: 0 for the background, `i + 1` for object `i`, where it is seen and at least half opaque.
    pub map: GrayImage,
    /// What is behind.
    pub backdrop: Backdrop,
    /// How the caption says it.
    pub wording: Wording,
}

/// The relations between groups, by the boxes of their objects in a picture of this side.
pub(super) fn relations(groups: usize, objects: &[SceneObject], size: u32) -> Vec<Relation> {
    let mut relations = Vec::new();
    for subject in 0..groups {
        for reference in (0..groups).filter(|&reference| reference != subject) {
            let holds = |&direction: &Direction| {
                let of = |group| objects.iter().filter(move |object| object.group == group);
                of(subject).all(|one| of(reference).all(|other| lies(one.area, direction, other.area, size)))
            };
            let directions = Direction::ALL.into_iter().filter(holds);
            relations.extend(directions.map(|direction| Relation { subject, direction, reference }));
        }
    }
    relations
}

fn lies(one: PixelBox, direction: Direction, other: PixelBox, size: u32) -> bool {
    let ([x, y], [other_x, other_y]) = (one.doubled_center(), other.doubled_center());
    // A sixth of the side, of doubled numbers.
    let before = |a: u32, b: u32| 3 * a + size <= 3 * b;
    match direction {
        Direction::Left => before(x, other_x),
        Direction::Right => before(other_x, x),
        Direction::Above => before(y, other_y),
        Direction::Below => before(other_y, y),
    }
}
