//! Captions of scenes are parsed by a second, strict parser and compared with the ground truth.

use std::sync::LazyLock;

use proptest::prelude::*;
use vq_scenes::{Color, Direction, Scene, SceneNoun, SceneSplit, is_held_out, scene_nouns};

use crate::support::{SPLITS, world};

static NOUNS: LazyLock<Vec<SceneNoun>> = LazyLock::new(|| scene_nouns().unwrap());

/// `two small red apples`, parsed.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    count: u8,
    size: Option<&'static str>,
    color: Option<&'static str>,
    noun: &'static str,
}

/// A relation; both groups are indices in the list of named groups.
#[derive(Debug, PartialEq, Eq)]
struct NamedRelation {
    subject: usize,
    direction: Direction,
    reference: usize,
}

/// The content of a caption.
#[derive(Debug, Default)]
struct Reading {
    named: Vec<Named>,
    said: Vec<NamedRelation>,
}

struct Reader<'a> {
    caption: &'a str,
    rest: &'a str,
    reading: Reading,
}

impl<'a> Reader<'a> {
    fn read(caption: &'a str) -> Reading {
        let mut reader = Self { caption, rest: caption, reading: Reading::default() };
        if let Some(direction) = reader.direction() {
            let reference = reader.phrase();
            let verb = reader.verb().unwrap();
            let subject = reader.phrase();
            reader.reading.said.push(NamedRelation { subject, direction, reference });
            reader.agrees(verb, subject);
        } else {
            let verb = reader.verb();
            let _ = verb.is_some() || reader.eat("a picture of");
            reader.clauses();
            if let Some(verb) = verb {
                reader.agrees(verb, 0);
            }
        }
        assert_eq!(reader.rest, "", "{caption}");
        reader.reading
    }

    /// Takes these words if they come next, whole.
    fn eat(&mut self, words: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(words) else { return false };
        let whole = words == "," || rest.is_empty() || rest.starts_with([' ', ',']);
        if whole {
            self.rest = rest.trim_start();
        }
        whole
    }

    fn eat_one<T: Copy>(&mut self, words: impl IntoIterator<Item = (&'static str, T)>) -> Option<T> {
        words.into_iter().find(|(words, _)| self.eat(words)).map(|found| found.1)
    }

    fn verb(&mut self) -> Option<&'static str> {
        self.eat_one([("there is", "is"), ("there are", "are")])
    }

    fn agrees(&self, verb: &str, named: usize) {
        assert_eq!(verb == "are", self.reading.named[named].count > 1, "{}", self.caption);
    }

    fn direction(&mut self) -> Option<Direction> {
        self.eat_one([
            ("left of", Direction::Left),
            ("to the left of", Direction::Left),
            ("right of", Direction::Right),
            ("to the right of", Direction::Right),
            ("above", Direction::Above),
            ("higher than", Direction::Above),
            ("below", Direction::Below),
            ("lower than", Direction::Below),
        ])
    }

    /// Parses a noun phrase and returns its index in the list.
    fn phrase(&mut self) -> usize {
        let article = self.eat_one([("a", "a"), ("an", "an")]);
        let count = if article.is_some() { 1 } else { self.eat_one([("two", 2), ("three", 3), ("four", 4)]).unwrap() };
        // `hour` begins with the sound of a vowel, `unicorn` does not.
        if let Some(article) = article {
            let vowel = (self.rest.starts_with(['a', 'e', 'i', 'o', 'u']) && !self.rest.starts_with("unicorn"))
                || self.rest.starts_with("hourglass");
            assert_eq!(article == "an", vowel, "{}", self.caption);
        }
        let size = self.eat_one([("small", "small"), ("large", "large")]);
        let color = self.eat_one(Color::ALL.map(|color| (color.word(), color.word())));
        let form = |noun: &SceneNoun| if count == 1 { noun.singular } else { noun.plural };
        let noun = self.eat_one(NOUNS.iter().map(|noun| (form(noun), noun.singular)));
        let noun = noun.unwrap_or_else(|| panic!("no noun at {:?} of {:?}", self.rest, self.caption));
        self.reading.named.push(Named { count, size, color, noun });
        self.reading.named.len() - 1
    }

    fn clauses(&mut self) {
        loop {
            let subject = self.phrase();
            let mut has_relation = false;
            while let Some(direction) = self.direction() {
                has_relation = true;
                let reference = self.phrase();
                self.reading.said.push(NamedRelation { subject, direction, reference });
                // Another direction, or the end of the clause, which a comma begins.
                self.eat("and");
            }
            match has_relation {
                true if self.eat(", and") => {}
                true if self.eat(", as well as") => return self.list(),
                true => return,
                false => return self.list_after_first(),
            }
        }
    }

    fn list(&mut self) {
        self.phrase();
        self.list_after_first();
    }

    fn list_after_first(&mut self) {
        while self.eat(",") {
            self.phrase();
        }
        if self.eat("and") {
            self.phrase();
        }
    }
}

#[track_caller]
fn check(scene: &Scene) {
    let Scene { caption, truth, .. } = scene;
    let reading = Reader::read(caption);
    assert_eq!(reading.named.len(), truth.groups.len(), "{caption}");
    let group_of = |named: &Named| truth.groups.iter().position(|group| group.noun == named.noun).unwrap();
    for named in &reading.named {
        let group = &truth.groups[group_of(named)];
        assert_eq!(named.count, group.count, "{caption}");
        assert_eq!(named.size, group.adjectives.size.word(), "{caption}");
        assert_eq!(named.color, group.adjectives.color.map(Color::word), "{caption}");
    }
    for said in &reading.said {
        let [subject, reference] = [said.subject, said.reference].map(|at| group_of(&reading.named[at]));
        let holds = truth.relations.iter().any(|relation| {
            (relation.subject, relation.direction, relation.reference) == (subject, said.direction, reference)
        });
        assert!(holds, "{caption}: {:?}", truth.relations);
    }
}

fn has_held_out_pair(caption: &str) -> bool {
    Reader::read(caption)
        .named
        .iter()
        .any(|named| named.size.into_iter().chain(named.color).any(|adjective| is_held_out(adjective, named.noun)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn captions_are_true(index: u64, split in prop::sample::select(&SPLITS[..])) {
        let scene = world(split).scene(index);
        check(&scene);
        check(&scene.mirrored());
    }

    #[test]
    fn pairs_are_held_out(index: u64) {
        for split in SPLITS {
            let scene = world(split).scene(index);
            prop_assert_eq!(has_held_out_pair(&scene.caption), split == SceneSplit::HeldOut, "{}", scene.caption);
        }
    }

    /// An emoji whose own colour makes such a pair is excluded too.
    #[test]
    fn training_shows_no_held_out_pair(index: u64) {
        for group in world(SceneSplit::Train).scene(index).truth.groups {
            let color = group.adjectives.color.or(group.natural_color);
            prop_assert!(color.is_none_or(|color| !is_held_out(color.word(), &group.noun)), "{:?}", group);
        }
    }
}

#[test]
fn captions_are_phrased_in_many_ways() {
    let captions: Vec<String> = (0..300).map(|index| world(SceneSplit::Train).scene(index).caption).collect();
    let parts = [
        "there is ",
        "there are ",
        "a picture of ",
        " left of ",
        "to the left of ",
        " right of ",
        " above ",
        "higher than",
        " below ",
        "lower than ",
        ", and ",
        ", as well as ",
        " two ",
        " an ",
        " and above ",
        "s and ",
    ];
    for part in parts {
        assert!(captions.iter().any(|caption| caption.contains(part)), "{part:?}");
    }
    assert!(captions.iter().any(|caption| caption.starts_with("left of ")));
}

#[test]
fn about_a_tenth_of_the_pairs_is_held_out() {
    let words = Color::ALL.map(Color::word).into_iter().chain(["small", "large"]);
    let pairs: Vec<bool> =
        words.flat_map(|word| NOUNS.iter().map(move |noun| is_held_out(word, noun.singular))).collect();
    let share = pairs.iter().filter(|&&held_out| held_out).count() as f64 / pairs.len() as f64;
    assert!((0.08..0.12).contains(&share), "{share}");
}
