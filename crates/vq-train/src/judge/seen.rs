use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use vq_data::SceneTruth;
use vq_data::scenes::{Color, SceneGroup, Share};

/// What a judge sees in a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenScene {
    /// What is there: each noun at most once, in the judge's order.
    pub things: Vec<SeenThing>,
    /// Every noun that the judge knows, the likeliest first, in the colour that it would have.
    pub ranked: Vec<SeenThing>,
}

/// One thing, or several of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenThing {
    /// What it is.
    pub noun: String,
    /// The colour that it was given; none: it is as it is by nature.
    pub color: Option<Color>,
}

/// How what was seen fits what should be there.
///
/// All figures are of whole numbers, so that those of two parts of a set can be added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgedScenes {
    /// Of the nouns that are seen, those that should be there.
    pub object_precision: Share,
    /// Of the groups that should be there, those whose noun is seen.
    pub object_recall: Share,
    /// Of all pictures, those in which exactly the right nouns are seen.
    pub all_objects: Share,
    /// Of the groups whose noun is seen, those of which the colour is right: the one that they were given; of the others,
    /// none, or that of the emoji. So grades [`CaptionGrader`](vq_data::scenes::CaptionGrader).
    pub color: Share,
    /// Of all pictures, those in which exactly the right nouns are seen, each in the right colour.
    pub all_right: Share,
    /// Of the groups that should be there, those whose noun is among the as many likeliest ones as the scene has: what is
    /// there if it is known how many there are. By chance `g` of `N`, for `g` groups and `N` nouns.
    #[serde(default)]
    pub likeliest: Share,
    /// Of the groups that should be there, those of which the colour is right where their noun is looked for, be it seen or
    /// not.
    #[serde(default)]
    pub asked_color: Share,
}

impl JudgedScenes {
    /// Counts one picture.
    #[must_use]
    pub fn of(truth: &SceneTruth, seen: &SeenScene) -> Self {
        let find =
            |things: &[SeenThing], group: &SceneGroup| things.iter().find(|thing| thing.noun == group.noun).cloned();
        let right_color = |group: &SceneGroup, thing: &SeenThing| match group.adjectives.color {
            Some(color) => thing.color == Some(color),
            None => thing.color.is_none() || thing.color == group.natural_color,
        };
        let among = |things: &[SeenThing]| {
            let met: Vec<bool> =
                truth.groups.iter().filter_map(|group| Some(right_color(group, &find(things, group)?))).collect();
            (met.len(), met.into_iter().filter(|&right| right).count())
        };
        let groups = truth.groups.len();
        let (found, right) = among(&seen.things);
        let (_, asked) = among(&seen.ranked);
        let (likeliest, _) = among(&seen.ranked[..groups.min(seen.ranked.len())]);
        let nouns: HashSet<&str> = truth.groups.iter().map(|group| group.noun.as_str()).collect();
        let meant = seen.things.iter().filter(|thing| nouns.contains(thing.noun.as_str())).count();
        let complete = found == groups && meant == seen.things.len();
        Self {
            object_precision: share(meant, seen.things.len()),
            object_recall: share(found, groups),
            all_objects: share(complete.into(), 1),
            color: share(right, found),
            all_right: share((complete && right == groups).into(), 1),
            likeliest: share(likeliest, groups),
            asked_color: share(asked, groups),
        }
    }

    /// The harmonic mean of precision and recall of objects; none if there are neither.
    #[must_use]
    pub fn object_f1(&self) -> Option<f64> {
        let (precision, recall) = (self.object_precision.value()?, self.object_recall.value()?);
        Some(if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 })
    }

    /// The figures of both sets of pictures together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let both = |a: Share, b: Share| Share { hits: a.hits + b.hits, of: a.of + b.of };
        Self {
            object_precision: both(self.object_precision, other.object_precision),
            object_recall: both(self.object_recall, other.object_recall),
            all_objects: both(self.all_objects, other.all_objects),
            color: both(self.color, other.color),
            all_right: both(self.all_right, other.all_right),
            likeliest: both(self.likeliest, other.likeliest),
            asked_color: both(self.asked_color, other.asked_color),
        }
    }
}

fn share(hits: usize, of: usize) -> Share {
    Share { hits: hits as u64, of: of as u64 }
}
