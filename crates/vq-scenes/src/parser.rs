//! Parses captions of scenes.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use vq_data::DataError;

use crate::{Adjectives, Color, Direction, SceneNoun, Size, scene_nouns};

/// The claims of a caption about a scene.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneClaims {
    /// The groups, in the order in which they are named.
    pub groups: Vec<ClaimedGroup>,
    /// The relations.
    pub relations: Vec<ClaimedRelation>,
    /// Words that captions of scenes do not have, or not in that position.
    pub strange: Vec<String>,
}

/// A group of objects of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedGroup {
    /// The noun, singular.
    pub noun: String,
    /// The count; `None` without an article or number.
    pub count: Option<u8>,
    /// Size and colour, as far as they are named.
    pub adjectives: Adjectives,
}

/// The claimed direction of one group from another; both are indices in [`SceneClaims::groups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedRelation {
    /// The group whose direction is given.
    pub subject: usize,
    /// The direction of the subject from the reference.
    pub direction: Direction,
    /// The group from which the direction is seen.
    pub reference: usize,
}

/// Parses captions of scenes, whether true, false or ungrammatical.
///
/// It covers every phrasing of scenes. A caption is a sequence of noun phrases (`two small red apples`) and directions
/// (`left of`). Other words of captions between them are skipped; words that captions do not have are recorded in
/// [`SceneClaims::strange`].
#[derive(Debug, Clone)]
pub struct CaptionParser {
    /// The nouns, by singular and by plural.
    nouns: HashMap<&'static str, SceneNoun>,
}

/// The function of a word in a caption.
enum Role {
    Count(u8),
    Size(Size),
    Color(Color),
    Noun(SceneNoun),
    Unknown,
}

/// Function words of captions.
const FUNCTION_WORDS: [&str; 10] = ["picture", "of", "there", "is", "are", "and", "as", "well", "to", "the"];

/// The words of each direction, the longer first.
const LINKS: [(&[&str], Direction); 8] = [
    (&["to", "the", "left", "of"], Direction::Left),
    (&["to", "the", "right", "of"], Direction::Right),
    (&["left", "of"], Direction::Left),
    (&["right", "of"], Direction::Right),
    (&["higher", "than"], Direction::Above),
    (&["lower", "than"], Direction::Below),
    (&["above"], Direction::Above),
    (&["below"], Direction::Below),
];

/// The state of parsing a sentence.
#[derive(Default)]
struct State {
    claims: SceneClaims,
    /// The count before the next noun.
    count: Option<u8>,
    size: Option<Size>,
    color: Option<Color>,
    /// The subject of the next directions.
    subject: Option<usize>,
    /// A direction without its reference yet.
    link: Option<Direction>,
    /// A direction with its reference, before its subject: `left of a dog there is a cat`.
    leading_link: Option<(Direction, usize)>,
}

impl CaptionParser {
    /// A parser with the nouns of scenes.
    ///
    /// # Errors
    ///
    /// As [`scene_nouns`].
    pub fn new() -> Result<Self, DataError> {
        let nouns = scene_nouns()?;
        let forms = |noun: SceneNoun| [(noun.singular, noun.clone()), (noun.plural, noun)];
        Ok(Self { nouns: nouns.into_iter().flat_map(forms).collect() })
    }

    /// Parses a caption.
    #[must_use]
    pub fn parse(&self, caption: &str) -> SceneClaims {
        let caption = caption.to_lowercase();
        let words: Vec<&str> =
            caption.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty()).collect();
        let mut state = State::default();
        let mut at = 0;
        while at < words.len() {
            let rest = &words[at..];
            let link = LINKS.iter().find(|(link, _)| rest.starts_with(link));
            at += match link {
                Some((link, direction)) => {
                    state.link(*direction);
                    link.len()
                }
                None => {
                    state.word(rest[0], self.role(rest));
                    1
                }
            };
        }
        state.finish()
    }

    /// The function of the first of these words.
    fn role(&self, words: &[&str]) -> Option<Role> {
        let word = words[0];
        Some(match word {
            "a" if words.get(1) == Some(&"picture") => return None,
            "a" | "an" | "one" => Role::Count(1),
            "two" => Role::Count(2),
            "three" => Role::Count(3),
            "four" => Role::Count(4),
            _ if FUNCTION_WORDS.contains(&word) => return None,
            _ => {
                let size = Size::ALL.into_iter().find(|size| size.word() == Some(word)).map(Role::Size);
                let color = || Color::ALL.into_iter().find(|color| color.word() == word).map(Role::Color);
                let noun = || self.nouns.get(word).cloned().map(Role::Noun);
                size.or_else(color).or_else(noun).unwrap_or(Role::Unknown)
            }
        })
    }
}

impl State {
    fn word(&mut self, word: &str, role: Option<Role>) {
        // Count, size and colour must be followed by a noun.
        let breaks_phrase = match &role {
            Some(Role::Noun(_)) => false,
            Some(Role::Size(_)) => self.size.is_some(),
            Some(Role::Color(_)) => self.color.is_some(),
            Some(Role::Count(_) | Role::Unknown) | None => self.phrase_is_open(),
        };
        if breaks_phrase {
            self.drop_phrase(word);
        }
        match role {
            Some(Role::Count(count)) => self.count = Some(count),
            Some(Role::Size(size)) => self.size = Some(size),
            Some(Role::Color(color)) => self.color = Some(color),
            Some(Role::Noun(noun)) => self.noun(&noun),
            Some(Role::Unknown) if !breaks_phrase => self.claims.strange.push(word.to_owned()),
            Some(Role::Unknown) | None => {}
        }
    }

    fn phrase_is_open(&self) -> bool {
        self.count.is_some() || self.size.is_some() || self.color.is_some()
    }

    fn drop_phrase(&mut self, word: &str) {
        (self.count, self.size, self.color) = (None, None, None);
        self.claims.strange.push(word.to_owned());
    }

    fn noun(&mut self, noun: &SceneNoun) {
        let adjectives = Adjectives { size: self.size.take().unwrap_or(Size::Medium), color: self.color.take() };
        let group = self.claims.groups.len();
        self.claims.groups.push(ClaimedGroup { noun: noun.singular.to_owned(), count: self.count.take(), adjectives });
        let relation = |subject, direction, reference| ClaimedRelation { subject, direction, reference };
        match (self.link.take(), self.subject, self.leading_link.take()) {
            (Some(direction), Some(subject), _) => self.claims.relations.push(relation(subject, direction, group)),
            (Some(direction), None, before) => {
                // Of two leading directions, the first has no subject.
                if let Some((direction, _)) = before {
                    self.claims.strange.push(direction.words().to_owned());
                }
                self.leading_link = Some((direction, group));
            }
            (None, _, Some((direction, reference))) => {
                self.claims.relations.push(relation(group, direction, reference));
                self.subject = Some(group);
            }
            (None, _, None) => self.subject = Some(group),
        }
    }

    fn link(&mut self, direction: Direction) {
        if self.phrase_is_open() || self.link.is_some() {
            self.drop_phrase(direction.words());
        }
        self.link = Some(direction);
    }

    fn finish(mut self) -> SceneClaims {
        if self.phrase_is_open() || self.link.is_some() || self.leading_link.is_some() {
            self.drop_phrase("the end");
        }
        self.claims
    }
}
