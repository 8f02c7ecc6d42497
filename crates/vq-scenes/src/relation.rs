//! Relations between the groups of a scene.

use serde::{Deserialize, Serialize};

use crate::{Direction, PixelBox, SceneObject};

/// The direction of one group from another; see [`SceneTruth::relations`](crate::SceneTruth::relations).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// The index of the group whose direction is given.
    pub subject: usize,
    /// The direction of the subject from the reference.
    pub direction: Direction,
    /// The index of the group from which the direction is seen.
    pub reference: usize,
}

/// The relations between groups, by the boxes of their objects in an image of this side.
pub(crate) fn relations(groups: usize, objects: &[SceneObject], size: u32) -> Vec<Relation> {
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
    // The margin is a sixth of the side; the coordinates are doubled.
    let before = |a: u32, b: u32| 3 * a + size <= 3 * b;
    match direction {
        Direction::Left => before(x, other_x),
        Direction::Right => before(other_x, x),
        Direction::Above => before(y, other_y),
        Direction::Below => before(other_y, y),
    }
}
