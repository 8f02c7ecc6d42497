use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::nouns::article;
use super::{Direction, Relation, SceneGroup};
use crate::order::below;

/// How a caption begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// With what is seen: `a cat left of a dog`.
    Bare,
    /// `there is a cat left of a dog`.
    There,
    /// `a picture of a cat left of a dog`.
    Picture,
    /// With the place, only where one relation is all: `left of a dog there is a cat`.
    Place,
}

/// How a direction is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// `left of`, `right of`, `above`, `below`.
    Short,
    /// `to the left of`, `to the right of`, `higher than`, `lower than`.
    Long,
}

/// Where a clause's subject lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Where.
    pub direction: Direction,
    /// In short or long words.
    pub length: Length,
    /// The group from which this is seen.
    pub reference: usize,
}

/// A group and where it lies: `a cat left of a dog and above a cow`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The group of which it is said.
    pub subject: usize,
    /// One or two places.
    pub links: Vec<Link>,
}

/// How a caption says what there is; every group comes once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// How it begins.
    pub opening: Opening,
    /// What lies where.
    pub clauses: Vec<Clause>,
    /// Groups that are only named, in order.
    pub others: Vec<usize>,
}

impl Wording {
    /// Draws one that says only what holds.
    pub(super) fn draw(random: &mut ChaCha8Rng, groups: usize, relations: &[Relation]) -> Self {
        let mut order: Vec<usize> = (0..groups).collect();
        for last in (1..groups).rev() {
            order.swap(last, below(random, last + 1));
        }
        let mut clauses: Vec<Clause> = Vec::new();
        let mut others = Vec::new();
        // One of four lists what there is, though more could be said.
        let tells_places = below(random, 4) > 0;
        let mut rest = order.as_slice();
        while let &[subject, reference, ref after @ ..] = rest
            && tells_places
        {
            let Some(link) = link(random, subject, reference, relations) else {
                others.push(subject);
                rest = &rest[1..];
                continue;
            };
            clauses.push(Clause { subject, links: vec![link] });
            rest = after;
        }
        others.extend_from_slice(rest);
        // A last group that is left over can often be told from the first subject.
        if let ([clause], [other]) = (clauses.as_mut_slice(), others.as_slice())
            && let Some(link) = link(random, clause.subject, *other, relations)
            && below(random, 2) == 0
        {
            clause.links.push(link);
            others.clear();
        }
        let one_place = others.is_empty() && matches!(clauses.as_slice(), [Clause { links, .. }] if links.len() == 1);
        let opening = match below(random, if one_place { 4 } else { 3 }) {
            0 => Opening::Bare,
            1 => Opening::There,
            2 => Opening::Picture,
            _ => Opening::Place,
        };
        Self { opening, clauses, others }
    }

    /// The wording for the mirrored picture.
    pub(super) fn mirrored(&self) -> Self {
        self.turned(Direction::mirrored)
    }

    /// The wording with each direction turned round, which says what is false; none if it says no direction.
    pub(super) fn opposed(&self) -> Option<Self> {
        (!self.clauses.is_empty()).then(|| self.turned(Direction::opposite))
    }

    fn turned(&self, turn: fn(Direction) -> Direction) -> Self {
        let mut turned = self.clone();
        for link in turned.clauses.iter_mut().flat_map(|clause| &mut clause.links) {
            link.direction = turn(link.direction);
        }
        turned
    }

    /// The caption, lower case, without a full stop.
    pub(super) fn say(&self, groups: &[SceneGroup]) -> String {
        let clauses: Vec<String> = self.clauses.iter().map(|clause| clause.say(groups)).collect();
        let others: Vec<String> = self.others.iter().map(|&group| phrase(&groups[group])).collect();
        let mut text = clauses.join(", and ");
        if !text.is_empty() && !others.is_empty() {
            text.push_str(", as well as ");
        }
        text.push_str(&listed(&others));
        let first = self.clauses.first().map(|clause| clause.subject).or(self.others.first().copied());
        let verb = if first.is_some_and(|group| groups[group].count > 1) { "there are" } else { "there is" };
        match (self.opening, self.clauses.as_slice()) {
            (Opening::There, _) => format!("{verb} {text}"),
            (Opening::Picture, _) => format!("a picture of {text}"),
            (Opening::Place, [Clause { subject, links }]) if links.len() == 1 => {
                format!("{} {verb} {}", links[0].say(groups), phrase(&groups[*subject]))
            }
            (Opening::Bare | Opening::Place, _) => text,
        }
    }
}

impl Clause {
    fn say(&self, groups: &[SceneGroup]) -> String {
        let links: Vec<String> = self.links.iter().map(|link| link.say(groups)).collect();
        format!("{} {}", phrase(&groups[self.subject]), links.join(" and "))
    }
}

impl Link {
    fn say(&self, groups: &[SceneGroup]) -> String {
        let words = match (self.length, self.direction) {
            (Length::Short, direction) => direction.words(),
            (Length::Long, Direction::Left) => "to the left of",
            (Length::Long, Direction::Right) => "to the right of",
            (Length::Long, Direction::Above) => "higher than",
            (Length::Long, Direction::Below) => "lower than",
        };
        format!("{words} {}", phrase(&groups[self.reference]))
    }
}

/// One of the relations of these two that hold.
fn link(random: &mut ChaCha8Rng, subject: usize, reference: usize, relations: &[Relation]) -> Option<Link> {
    let is_theirs = |relation: &&Relation| (relation.subject, relation.reference) == (subject, reference);
    let theirs: Vec<&Relation> = relations.iter().filter(is_theirs).collect();
    let direction = theirs.get(below(random, theirs.len().max(1)))?.direction;
    let length = if below(random, 3) == 0 { Length::Long } else { Length::Short };
    Some(Link { direction, length, reference })
}

/// `a small red apple`, `two small red apples`.
fn phrase(group: &SceneGroup) -> String {
    let (noun, number) = match group.count {
        0 | 1 => (&group.noun, None),
        2 => (&group.plural, Some("two")),
        3 => (&group.plural, Some("three")),
        _ => (&group.plural, Some("four")),
    };
    let mut words: Vec<&str> = group.adjectives.words().collect();
    words.push(noun);
    format!("{} {}", number.unwrap_or_else(|| article(words[0])), words.join(" "))
}

/// `a, b and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
