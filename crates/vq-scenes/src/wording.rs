//! The structure of captions, and their text.

use serde::{Deserialize, Serialize};
use vq_random::RandomStream;

use crate::nouns::article;
use crate::{Direction, Relation, SceneGroup};

/// The beginning of a caption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opening {
    /// Without an introduction: `a cat left of a dog`.
    Bare,
    /// `there is a cat left of a dog`.
    There,
    /// `a picture of a cat left of a dog`.
    Picture,
    /// The direction first, only for a caption with one relation and nothing else: `left of a dog there is a cat`.
    Place,
}

/// The phrase for a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhraseLength {
    /// `left of`, `right of`, `above`, `below`.
    Short,
    /// `to the left of`, `to the right of`, `higher than`, `lower than`.
    Long,
}

/// The direction of a clause's subject from another group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The direction.
    pub direction: Direction,
    /// The phrase for it.
    pub length: PhraseLength,
    /// The index of the group from which the direction is seen.
    pub reference: usize,
}

/// A group with its directions from others: `a cat left of a dog and above a cow`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// The index of the group.
    pub subject: usize,
    /// One or two directions.
    pub links: Vec<Link>,
}

/// The structure of a caption, in which every group occurs once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// The beginning.
    pub opening: Opening,
    /// The relations.
    pub clauses: Vec<Clause>,
    /// The indices of the groups that are named without a relation, in order.
    pub others: Vec<usize>,
}

impl Wording {
    /// Draws a wording that uses only relations that hold.
    pub(crate) fn draw(random: &mut RandomStream, groups: usize, relations: &[Relation]) -> Self {
        let mut order: Vec<usize> = (0..groups).collect();
        random.shuffle(&mut order);
        let mut clauses: Vec<Clause> = Vec::new();
        let mut others = Vec::new();
        // One caption of four lists the groups without relations.
        let has_relations = random.index(4) > 0;
        let mut rest = order.as_slice();
        while let &[subject, reference, ref after @ ..] = rest
            && has_relations
        {
            let Some(link) = draw_link(random, subject, reference, relations) else {
                others.push(subject);
                rest = &rest[1..];
                continue;
            };
            clauses.push(Clause { subject, links: vec![link] });
            rest = after;
        }
        others.extend_from_slice(rest);
        // A single remaining group often has a relation to the only subject.
        if let ([clause], [other]) = (clauses.as_mut_slice(), others.as_slice())
            && let Some(link) = draw_link(random, clause.subject, *other, relations)
            && random.index(2) == 0
        {
            clause.links.push(link);
            others.clear();
        }
        let one_link = others.is_empty() && matches!(clauses.as_slice(), [Clause { links, .. }] if links.len() == 1);
        let opening = match random.index(if one_link { 4 } else { 3 }) {
            0 => Opening::Bare,
            1 => Opening::There,
            2 => Opening::Picture,
            _ => Opening::Place,
        };
        Self { opening, clauses, others }
    }

    /// The wording for the mirrored image.
    pub(crate) fn mirrored(&self) -> Self {
        self.with_directions(Direction::mirrored)
    }

    /// The wording with each direction reversed, which is false; `None` if it has no direction.
    pub(crate) fn reversed(&self) -> Option<Self> {
        (!self.clauses.is_empty()).then(|| self.with_directions(Direction::opposite))
    }

    fn with_directions(&self, change: fn(Direction) -> Direction) -> Self {
        let mut changed = self.clone();
        for link in changed.clauses.iter_mut().flat_map(|clause| &mut clause.links) {
            link.direction = change(link.direction);
        }
        changed
    }

    /// The caption, in lower case, without a full stop.
    pub(crate) fn caption(&self, groups: &[SceneGroup]) -> String {
        let clauses: Vec<String> = self.clauses.iter().map(|clause| clause.text(groups)).collect();
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
                format!("{} {verb} {}", links[0].text(groups), phrase(&groups[*subject]))
            }
            (Opening::Bare | Opening::Place, _) => text,
        }
    }
}

impl Clause {
    fn text(&self, groups: &[SceneGroup]) -> String {
        let links: Vec<String> = self.links.iter().map(|link| link.text(groups)).collect();
        format!("{} {}", phrase(&groups[self.subject]), links.join(" and "))
    }
}

impl Link {
    fn text(&self, groups: &[SceneGroup]) -> String {
        let words = match (self.length, self.direction) {
            (PhraseLength::Short, direction) => direction.words(),
            (PhraseLength::Long, Direction::Left) => "to the left of",
            (PhraseLength::Long, Direction::Right) => "to the right of",
            (PhraseLength::Long, Direction::Above) => "higher than",
            (PhraseLength::Long, Direction::Below) => "lower than",
        };
        format!("{words} {}", phrase(&groups[self.reference]))
    }
}

/// A random one of the relations that hold between these two groups.
fn draw_link(random: &mut RandomStream, subject: usize, reference: usize, relations: &[Relation]) -> Option<Link> {
    let is_theirs = |relation: &&Relation| (relation.subject, relation.reference) == (subject, reference);
    let theirs: Vec<&Relation> = relations.iter().filter(is_theirs).collect();
    let direction = theirs.get(random.index(theirs.len().max(1)))?.direction;
    let length = if random.index(3) == 0 { PhraseLength::Long } else { PhraseLength::Short };
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
