use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Adjectives, Color, Direction, SceneNoun, Size, scene_nouns};
use crate::DataError;

/// What a caption says of a scene.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneClaims {
    /// Things, in the order in which they are named.
    pub groups: Vec<ClaimedGroup>,
    /// What lies where.
    pub relations: Vec<ClaimedRelation>,
    /// Words that no caption of a scene has, or not there.
    pub strange: Vec<String>,
}

/// Things of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedGroup {
    /// The noun, singular.
    pub noun: String,
    /// How many; none if neither an article nor a number is said.
    pub count: Option<u8>,
    /// Size and colour, as far as they are said.
    pub adjectives: Adjectives,
}

/// Where one group is said to lie from another; both are places in [`SceneClaims::groups`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedRelation {
    /// The group of which it is said.
    pub subject: usize,
    /// Where it lies.
    pub direction: Direction,
    /// The group from which this is seen.
    pub reference: usize,
}

/// Reads captions of scenes, be they true, false or hardly grammatical.
///
/// It knows every phrasing that scenes have. A sentence goes from phrase to phrase (`two small red apples`) and from
/// link to link (`left of`); what stands between is passed over where captions have it, and noted where they do not.
#[derive(Debug, Clone)]
pub struct CaptionReader {
    /// By singular and plural.
    nouns: HashMap<&'static str, SceneNoun>,
}

/// What a word does in a caption.
enum Role {
    Count(u8),
    Size(Size),
    Color(Color),
    Noun(SceneNoun),
    Strange,
}

/// Words that hold a caption together.
const JOINTS: [&str; 10] = ["picture", "of", "there", "is", "are", "and", "as", "well", "to", "the"];

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

/// What was read of a sentence so far.
#[derive(Default)]
struct Reading {
    claims: SceneClaims,
    /// The words before a noun.
    count: Option<u8>,
    size: Option<Size>,
    color: Option<Color>,
    /// The group of which links speak.
    subject: Option<usize>,
    /// A link that waits for its reference.
    link: Option<Direction>,
    /// A place that was named before what lies there: `left of a dog there is a cat`.
    place: Option<(Direction, usize)>,
}

impl CaptionReader {
    /// Learns the nouns of scenes.
    ///
    /// # Errors
    ///
    /// As [`scene_nouns`].
    pub fn new() -> Result<Self, DataError> {
        let nouns = scene_nouns()?;
        let forms = |noun: SceneNoun| [(noun.singular, noun.clone()), (noun.plural, noun)];
        Ok(Self { nouns: nouns.into_iter().flat_map(forms).collect() })
    }

    /// Reads a caption.
    #[must_use]
    pub fn read(&self, caption: &str) -> SceneClaims {
        let caption = caption.to_lowercase();
        let words: Vec<&str> =
            caption.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty()).collect();
        let mut reading = Reading::default();
        let mut at = 0;
        while at < words.len() {
            let rest = &words[at..];
            let link = LINKS.iter().find(|(link, _)| rest.starts_with(link));
            at += match link {
                Some((link, direction)) => {
                    reading.link(*direction);
                    link.len()
                }
                None => {
                    reading.word(rest[0], self.role(rest));
                    1
                }
            };
        }
        reading.finish()
    }

    /// What the first of these words does.
    fn role(&self, words: &[&str]) -> Option<Role> {
        let word = words[0];
        Some(match word {
            "a" if words.get(1) == Some(&"picture") => return None,
            "a" | "an" | "one" => Role::Count(1),
            "two" => Role::Count(2),
            "three" => Role::Count(3),
            "four" => Role::Count(4),
            _ if JOINTS.contains(&word) => return None,
            _ => {
                let size = Size::ALL.into_iter().find(|size| size.word() == Some(word)).map(Role::Size);
                let color = || Color::ALL.into_iter().find(|color| color.word() == word).map(Role::Color);
                let noun = || self.nouns.get(word).cloned().map(Role::Noun);
                size.or_else(color).or_else(noun).unwrap_or(Role::Strange)
            }
        })
    }
}

impl Reading {
    fn word(&mut self, word: &str, role: Option<Role>) {
        // What is said before a noun must be followed by it.
        let (again, ends) = match &role {
            Some(Role::Count(_)) => (self.phrase_is_open(), false),
            Some(Role::Size(_)) => (self.size.is_some(), false),
            Some(Role::Color(_)) => (self.color.is_some(), false),
            Some(Role::Noun(_)) => (false, false),
            Some(Role::Strange) | None => (self.phrase_is_open(), true),
        };
        if again {
            self.drop_phrase(word);
        }
        match role {
            Some(Role::Count(count)) => self.count = Some(count),
            Some(Role::Size(size)) => self.size = Some(size),
            Some(Role::Color(color)) => self.color = Some(color),
            Some(Role::Noun(noun)) => self.noun(&noun),
            Some(Role::Strange) if ends && !again => self.claims.strange.push(word.to_owned()),
            Some(Role::Strange) | None => {}
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
        match (self.link.take(), self.subject, self.place.take()) {
            (Some(direction), Some(subject), _) => self.claims.relations.push(relation(subject, direction, group)),
            (Some(direction), None, before) => {
                // Of two places in a row, the first has nothing that lies there.
                if let Some((direction, _)) = before {
                    self.claims.strange.push(direction.words().to_owned());
                }
                self.place = Some((direction, group));
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
        if self.phrase_is_open() || self.link.is_some() || self.place.is_some() {
            self.drop_phrase("the end");
        }
        self.claims
    }
}
