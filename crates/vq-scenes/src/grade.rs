use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{CaptionReader, ClaimedGroup, Direction, SceneClaims, SceneGroup, SceneTruth};
use crate::DataError;

/// Judges captions of scenes by what is true of them.
///
/// All figures are of whole numbers: sums over captions, so that grades of two parts of a set can be added.
#[derive(Debug, Clone)]
pub struct CaptionGrader {
    reader: CaptionReader,
    grades: SceneGrades,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Those that count.
    pub hits: u64,
    /// All.
    pub of: u64,
}

impl Share {
    /// Hits over all; none of nothing.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    fn add(&mut self, hit: bool) {
        self.of += 1;
        self.hits += u64::from(hit);
    }
}

/// What captions are right about.
///
/// A group that a caption names is *met* if the scene has its noun, and no earlier group of the caption had it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneGrades {
    /// Of the groups that captions name, those that are met.
    pub object_precision: Share,
    /// Of the groups that scenes have, those that are met.
    pub object_recall: Share,
    /// Of all captions, those that name exactly the nouns of their scene.
    pub all_objects: Share,
    /// Of the groups that are met, those of which the count is right.
    pub count: Share,
    /// Of the groups that are met, those of which the size is right: said if it is small or large, and not otherwise.
    pub size: Share,
    /// Of the groups that are met, those of which the colour is right: said if they were given one; of the others, none
    /// is said, or that of the emoji.
    pub color: Share,
    /// Of the relations that captions claim, those that hold between groups that are met.
    pub relation_precision: Share,
    /// Of the relations that the true captions tell, those that are claimed.
    pub relation_recall: Share,
    /// Of all captions, those that name exactly what there is and say nothing false or strange.
    pub all_true: Share,
    /// Of all captions, those with words that no caption of a scene has, or not there.
    pub strange: Share,
}

impl SceneGrades {
    /// The harmonic mean of precision and recall of objects; none if there are neither.
    #[must_use]
    pub fn object_f1(&self) -> Option<f64> {
        let (precision, recall) = (self.object_precision.value()?, self.object_recall.value()?);
        Some(if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 })
    }

    /// Of all attributes (count, size, colour) of groups that are met, those that are right.
    #[must_use]
    pub fn attributes(&self) -> Share {
        let parts = [self.count, self.size, self.color];
        Share { hits: parts.iter().map(|part| part.hits).sum(), of: parts.iter().map(|part| part.of).sum() }
    }

    /// The grades of both sets of captions together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let both = |a: Share, b: Share| Share { hits: a.hits + b.hits, of: a.of + b.of };
        Self {
            object_precision: both(self.object_precision, other.object_precision),
            object_recall: both(self.object_recall, other.object_recall),
            all_objects: both(self.all_objects, other.all_objects),
            count: both(self.count, other.count),
            size: both(self.size, other.size),
            color: both(self.color, other.color),
            relation_precision: both(self.relation_precision, other.relation_precision),
            relation_recall: both(self.relation_recall, other.relation_recall),
            all_true: both(self.all_true, other.all_true),
            strange: both(self.strange, other.strange),
        }
    }
}

impl CaptionGrader {
    /// A grader that has seen no caption.
    ///
    /// # Errors
    ///
    /// As [`CaptionReader::new`].
    pub fn new() -> Result<Self, DataError> {
        Ok(Self { reader: CaptionReader::new()?, grades: SceneGrades::default() })
    }

    /// Judges a caption, and gives what it claims.
    pub fn update(&mut self, truth: &SceneTruth, caption: &str) -> SceneClaims {
        let claims = self.reader.read(caption);
        self.grades = self.grades.merge(grade(truth, &claims));
        claims
    }

    /// The grades of all captions so far.
    #[must_use]
    pub fn compute(&self) -> SceneGrades {
        self.grades
    }
}

/// The grades of one caption.
fn grade(truth: &SceneTruth, claims: &SceneClaims) -> SceneGrades {
    let mut grades = SceneGrades::default();
    let mut seen = HashSet::new();
    // For each group that is claimed, the one that it meets.
    let met: Vec<Option<usize>> = claims
        .groups
        .iter()
        .map(|claim| truth.groups.iter().position(|group| group.noun == claim.noun).filter(|&group| seen.insert(group)))
        .collect();
    let mut all_right = claims.strange.is_empty();
    for (claim, &group) in claims.groups.iter().zip(&met) {
        grades.object_precision.add(group.is_some());
        all_right &= group.is_some();
        if let Some(group) = group {
            let Attributes { count, size, color } = Attributes::of(claim, &truth.groups[group]);
            grades.count.add(count);
            grades.size.add(size);
            grades.color.add(color);
            all_right &= count && size && color;
        }
    }
    (0..truth.groups.len()).for_each(|group| grades.object_recall.add(seen.contains(&group)));
    let complete = seen.len() == truth.groups.len();
    grades.all_objects.add(complete && met.iter().all(Option::is_some));

    let claimed: HashSet<(usize, Direction, usize)> = claims
        .relations
        .iter()
        .filter_map(|relation| Some((met[relation.subject]?, relation.direction, met[relation.reference]?)))
        .collect();
    let holds = |&(subject, direction, reference): &(usize, Direction, usize)| {
        truth.relations.iter().any(|relation| {
            (relation.subject, relation.direction, relation.reference) == (subject, direction, reference)
        })
    };
    for relation in &claims.relations {
        let known = met[relation.subject].zip(met[relation.reference]);
        let right = known.is_some_and(|(subject, reference)| holds(&(subject, relation.direction, reference)));
        grades.relation_precision.add(right);
        all_right &= right;
    }
    for clause in &truth.wording.clauses {
        for link in &clause.links {
            grades.relation_recall.add(claimed.contains(&(clause.subject, link.direction, link.reference)));
        }
    }
    grades.all_true.add(all_right && complete);
    grades.strange.add(!claims.strange.is_empty());
    grades
}

/// What is right about a group.
struct Attributes {
    count: bool,
    size: bool,
    color: bool,
}

impl Attributes {
    fn of(claim: &ClaimedGroup, group: &SceneGroup) -> Self {
        let said = claim.adjectives;
        Self {
            count: claim.count == Some(group.count),
            size: said.size == group.adjectives.size,
            color: match group.adjectives.color {
                Some(color) => said.color == Some(color),
                None => said.color.is_none() || said.color == group.natural_color,
            },
        }
    }
}
