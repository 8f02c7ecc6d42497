//! Scores of predicted scenes against the truth.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use vq_scenes::SceneTruth;
use vq_scenes::{Color, SceneGroup, Share};

/// The scene that a classifier predicts for an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictedScene {
    /// The objects that are present: each noun at most once, in the classifier's order.
    pub objects: Vec<PredictedObject>,
    /// Every noun of the classifier, the most probable first, with its most probable colour.
    pub ranked: Vec<PredictedObject>,
}

/// An object, or several of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictedObject {
    /// Its noun.
    pub noun: String,
    /// The colour that it was given; none: its natural one.
    pub color: Option<Color>,
}

/// Scores of predicted scenes against the truth.
///
/// All scores are counts, so that the scores of two parts of a set can be added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneScores {
    /// Predicted nouns that are in the scene, of all predicted nouns.
    pub object_precision: Share,
    /// Groups of the scene whose noun is predicted, of all groups.
    pub object_recall: Share,
    /// Images for which exactly the nouns of the scene are predicted, of all images.
    pub all_objects: Share,
    /// Groups whose predicted colour is right, of the groups whose noun is predicted. The right colour is the given one; for
    /// a group in its natural colour, it is none or the natural one, as for [`CaptionGrader`](vq_scenes::CaptionGrader).
    pub color: Share,
    /// Images for which exactly the nouns of the scene are predicted, each in the right colour, of all images.
    pub all_right: Share,
    /// Groups whose noun is among the `g` most probable ones of a scene with `g` groups, of all groups; by chance `g` of `N`
    /// nouns.
    #[serde(default)]
    pub likeliest: Share,
    /// Groups whose most probable colour is right, whether their noun is predicted or not, of all groups.
    #[serde(default)]
    pub asked_color: Share,
}

impl SceneScores {
    /// The scores of one image.
    #[must_use]
    pub fn of(truth: &SceneTruth, predicted: &PredictedScene) -> Self {
        let find = |objects: &[PredictedObject], group: &SceneGroup| {
            objects.iter().find(|object| object.noun == group.noun).cloned()
        };
        let right_color = |group: &SceneGroup, object: &PredictedObject| match group.adjectives.color {
            Some(color) => object.color == Some(color),
            None => object.color.is_none() || object.color == group.natural_color,
        };
        let among = |objects: &[PredictedObject]| {
            let met: Vec<bool> =
                truth.groups.iter().filter_map(|group| Some(right_color(group, &find(objects, group)?))).collect();
            (met.len(), met.into_iter().filter(|&right| right).count())
        };
        let groups = truth.groups.len();
        let (found, right) = among(&predicted.objects);
        let (_, asked) = among(&predicted.ranked);
        let (likeliest, _) = among(&predicted.ranked[..groups.min(predicted.ranked.len())]);
        let nouns: HashSet<&str> = truth.groups.iter().map(|group| group.noun.as_str()).collect();
        let meant = predicted.objects.iter().filter(|object| nouns.contains(object.noun.as_str())).count();
        let complete = found == groups && meant == predicted.objects.len();
        Self {
            object_precision: share(meant, predicted.objects.len()),
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

    /// The scores of both sets of images together.
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

impl SceneScores {
    /// Scores by name, in `0..=1`, for the log; `prefix` precedes each name.
    pub fn figures(&self, prefix: &str) -> Vec<(String, f64)> {
        let scores = [
            ("object_f1", self.object_f1()),
            ("object_precision", self.object_precision.value()),
            ("object_recall", self.object_recall.value()),
            ("all_objects", self.all_objects.value()),
            ("color", self.color.value()),
            ("all_right", self.all_right.value()),
        ];
        let named = |(name, value): (&str, Option<f64>)| Some((format!("{prefix}{name}"), value?));
        scores.into_iter().filter_map(named).collect()
    }
}

fn share(hits: usize, of: usize) -> Share {
    Share { hits: hits as u64, of: of as u64 }
}
