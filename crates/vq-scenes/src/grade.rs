//! Grades captions of scenes by the ground truth.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use vq_data::DataError;

use crate::{CaptionParser, ClaimedGroup, Direction, SceneClaims, SceneGroup, SceneTruth};

/// Grades captions of scenes by the ground truth.
///
/// All grades are counts over captions, so the grades of two parts of a set can be added.
///
/// ```
/// use vq_scenes::{CaptionGrader, EmojiScenes, SceneConfig};
///
/// # fn main() -> Result<(), vq_data::DataError> {
/// let scene = EmojiScenes::new(SceneConfig::new(64))?.scene(0);
/// let mut grader = CaptionGrader::new()?;
/// grader.update(&scene.truth, &scene.caption);
/// assert_eq!(grader.compute().all_true.value(), Some(1.0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CaptionGrader {
    parser: CaptionParser,
    grades: SceneGrades,
}

/// A fraction as two counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The numerator.
    pub hits: u64,
    /// The denominator.
    pub of: u64,
}

impl Share {
    /// `hits / of`; `None` if `of` is 0.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    fn add(&mut self, hit: bool) {
        self.of += 1;
        self.hits += u64::from(hit);
    }
}

/// The grades of captions.
///
/// A group that a caption names is *matched* if the scene has its noun and no earlier group of the caption had it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneGrades {
    /// Of the groups that captions name, those that are matched.
    pub object_precision: Share,
    /// Of the groups of scenes, those that are matched.
    pub object_recall: Share,
    /// Of all captions, those that name exactly the nouns of their scene.
    pub all_objects: Share,
    /// Of the matched groups, those with the right count.
    pub count: Share,
    /// Of the matched groups, those with the right size: named if it is small or large, and not named otherwise.
    pub size: Share,
    /// Of the matched groups, those with the right colour: the tint of a tinted group; of others, no colour or that of
    /// the emoji.
    pub color: Share,
    /// Of the relations in captions, those that hold between matched groups.
    pub relation_precision: Share,
    /// Of the relations in the true captions, those that the graded captions contain.
    pub relation_recall: Share,
    /// Of all captions, those that name exactly the groups of their scene and contain nothing false or unknown.
    pub all_true: Share,
    /// Of all captions, those with words that captions of scenes do not have, or not in that position.
    pub strange: Share,
}

impl SceneGrades {
    /// The harmonic mean of precision and recall of objects; `None` if one of them is undefined.
    #[must_use]
    pub fn object_f1(&self) -> Option<f64> {
        let (precision, recall) = (self.object_precision.value()?, self.object_recall.value()?);
        Some(if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 })
    }

    /// Of all attributes (count, size, colour) of matched groups, those that are right.
    #[must_use]
    pub fn attributes(&self) -> Share {
        let parts = [self.count, self.size, self.color];
        Share { hits: parts.iter().map(|part| part.hits).sum(), of: parts.iter().map(|part| part.of).sum() }
    }

    /// The sum of the grades of two sets of captions.
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
    /// A grader without captions.
    ///
    /// # Errors
    ///
    /// As [`CaptionParser::new`].
    pub fn new() -> Result<Self, DataError> {
        Ok(Self { parser: CaptionParser::new()?, grades: SceneGrades::default() })
    }

    /// Grades a caption and returns its parsed claims.
    pub fn update(&mut self, truth: &SceneTruth, caption: &str) -> SceneClaims {
        let claims = self.parser.parse(caption);
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
    // For each group of the caption, the group of the scene that it matches.
    let matched: Vec<Option<usize>> = claims
        .groups
        .iter()
        .map(|claim| truth.groups.iter().position(|group| group.noun == claim.noun).filter(|&group| seen.insert(group)))
        .collect();
    let mut is_correct = claims.strange.is_empty();
    for (claim, &group) in claims.groups.iter().zip(&matched) {
        grades.object_precision.add(group.is_some());
        is_correct &= group.is_some();
        if let Some(group) = group {
            let Attributes { count, size, color } = Attributes::of(claim, &truth.groups[group]);
            grades.count.add(count);
            grades.size.add(size);
            grades.color.add(color);
            is_correct &= count && size && color;
        }
    }
    (0..truth.groups.len()).for_each(|group| grades.object_recall.add(seen.contains(&group)));
    let complete = seen.len() == truth.groups.len();
    grades.all_objects.add(complete && matched.iter().all(Option::is_some));

    let claimed: HashSet<(usize, Direction, usize)> = claims
        .relations
        .iter()
        .filter_map(|relation| Some((matched[relation.subject]?, relation.direction, matched[relation.reference]?)))
        .collect();
    let holds = |&(subject, direction, reference): &(usize, Direction, usize)| {
        truth.relations.iter().any(|relation| {
            (relation.subject, relation.direction, relation.reference) == (subject, direction, reference)
        })
    };
    for relation in &claims.relations {
        let known = matched[relation.subject].zip(matched[relation.reference]);
        let right = known.is_some_and(|(subject, reference)| holds(&(subject, relation.direction, reference)));
        grades.relation_precision.add(right);
        is_correct &= right;
    }
    for clause in &truth.wording.clauses {
        for link in &clause.links {
            grades.relation_recall.add(claimed.contains(&(clause.subject, link.direction, link.reference)));
        }
    }
    grades.all_true.add(is_correct && complete);
    grades.strange.add(!claims.strange.is_empty());
    grades
}

/// Which attributes of a group are right.
struct Attributes {
    count: bool,
    size: bool,
    color: bool,
}

impl Attributes {
    fn of(claim: &ClaimedGroup, group: &SceneGroup) -> Self {
        let claimed = claim.adjectives;
        Self {
            count: claim.count == Some(group.count),
            size: claimed.size == group.adjectives.size,
            color: match group.adjectives.color {
                Some(color) => claimed.color == Some(color),
                None => claimed.color.is_none() || claimed.color == group.natural_color,
            },
        }
    }
}
