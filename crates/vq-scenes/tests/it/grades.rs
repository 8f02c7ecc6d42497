//! Captions of scenes graded by the ground truth.

use proptest::prelude::*;
use vq_scenes::{
    CaptionGrader, CaptionParser, ClaimedRelation, Color, Direction, Scene, SceneGrades, SceneSplit, Share, Size,
};

use crate::support::WORLD;

fn grades(scene: &Scene, caption: &str) -> SceneGrades {
    let mut grader = CaptionGrader::new().unwrap();
    grader.update(&scene.truth, caption);
    grader.compute()
}

fn all(share: Share) -> bool {
    share.hits == share.of
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The true caption names exactly the content of the scene, in every phrasing.
    #[test]
    fn a_true_caption_is_all_true(index in 0_u64..1_000_000, held_out: bool) {
        let split = if held_out { SceneSplit::HeldOut } else { SceneSplit::Train };
        let scene = WORLD.part(split, 1).scene(index);
        let grades = grades(&scene, &scene.caption);
        let SceneGrades {
            object_precision, object_recall, all_objects, count, size, color, relation_precision, relation_recall,
            all_true, strange,
        } = grades;
        for share in [
            object_precision, object_recall, all_objects, count, size, color, relation_precision, relation_recall,
            all_true,
        ] {
            prop_assert!(all(share), "{}: {grades:?}", scene.caption);
        }
        prop_assert_eq!(strange.hits, 0);
        prop_assert_eq!(object_recall.of as usize, scene.truth.groups.len());
        let links: usize = scene.truth.wording.clauses.iter().map(|clause| clause.links.len()).sum();
        prop_assert_eq!(relation_precision.of as usize, links);
        let claims = CaptionParser::new().unwrap().parse(&scene.caption);
        prop_assert_eq!(claims.groups.len(), scene.truth.groups.len());
    }

    /// A false caption names the same objects, and none of its relations hold.
    #[test]
    fn a_false_caption_is_wrong_only_in_its_relations(index in 0_u64..100_000) {
        let scene = WORLD.scene(index);
        let relations = grades(&scene, &scene.caption).relation_recall.of;
        match scene.false_caption() {
            None => prop_assert_eq!(relations, 0, "{}", scene.caption),
            Some(caption) => {
                let grades = grades(&scene, &caption);
                prop_assert!(relations > 0, "{}", scene.caption);
                prop_assert_eq!((grades.relation_precision.hits, grades.all_true.hits, grades.strange.hits), (0, 0, 0), "{}", caption);
                prop_assert_eq!(grades.all_objects.hits, 1, "{}", caption);
            }
        }
    }

    /// A mirrored caption names the same objects, and its relations of left and right are false.
    #[test]
    fn a_mirrored_caption_is_wrong_only_in_its_relations(index in 0_u64..100_000) {
        let scene = WORLD.scene(index);
        let mirrored = scene.mirrored().caption;
        let grades = grades(&scene, &mirrored);
        prop_assert!(all(grades.object_precision) && all(grades.count) && all(grades.size) && all(grades.color));
        let turned = mirrored != scene.caption;
        prop_assert_eq!(grades.all_true.hits == 0, turned, "{} / {}", scene.caption, mirrored);
        prop_assert_eq!(all(grades.relation_recall), !turned);
    }

    /// Another colour makes only that attribute wrong.
    #[test]
    fn a_wrong_colour_is_found(index in 0_u64..100_000, by in 1_usize..11) {
        let scene = WORLD.scene(index);
        let Some(group) = scene.truth.groups.iter().find(|group| group.adjectives.color.is_some()) else {
            return Ok(());
        };
        let color = group.adjectives.color.unwrap();
        let at = Color::ALL.iter().position(|other| *other == color).unwrap();
        let other = Color::ALL[(at + by) % Color::ALL.len()];
        let noun = if group.count > 1 { &group.plural } else { &group.noun };
        let wrong = scene.caption.replacen(
            &format!("{} {noun}", color.word()), &format!("{} {noun}", other.word()), 1,
        );
        let grades = grades(&scene, &wrong);
        prop_assert_eq!(grades.color.of - grades.color.hits, 1, "{}", wrong);
        prop_assert!(all(grades.size) && all(grades.count) && all(grades.object_recall));
        prop_assert_eq!(grades.all_true.hits, 0);
    }

    /// Any text is parsed without panic, and unknown words are recorded.
    #[test]
    fn any_text_can_be_parsed(caption in "(a |two |small |red |apple |apples |left of |there is |and |of |xyz |, ){0,12}") {
        let claims = CaptionParser::new().unwrap().parse(&caption);
        for ClaimedRelation { subject, reference, .. } in claims.relations {
            prop_assert!(subject < claims.groups.len() && reference < claims.groups.len());
        }
        prop_assert!(!caption.contains("xyz") || !claims.strange.is_empty());
    }
}

#[test]
fn claims_are_parsed() {
    let parser = CaptionParser::new().unwrap();
    let claims = parser.parse("Two small red apples to the left of a cat and above an orange car, as well as a star");
    let [apples, cat, car, star] = &claims.groups[..] else { panic!("{claims:?}") };
    assert_eq!((apples.noun.as_str(), apples.count, apples.adjectives.size), ("apple", Some(2), Size::Small));
    assert_eq!(apples.adjectives.color, Some(Color::Red));
    assert_eq!((cat.noun.as_str(), cat.adjectives.size, cat.adjectives.color), ("cat", Size::Medium, None));
    assert_eq!((car.adjectives.color, star.noun.as_str()), (Some(Color::Orange), "star"));
    let relation = |direction, reference| ClaimedRelation { subject: 0, direction, reference };
    assert_eq!(claims.relations, [relation(Direction::Left, 1), relation(Direction::Above, 2)]);
    assert!(claims.strange.is_empty());

    let place = parser.parse("lower than a dog there are two cats");
    assert_eq!(place.relations, [ClaimedRelation { subject: 1, direction: Direction::Below, reference: 0 }]);
}

#[test]
fn broken_sentences_are_recorded() {
    let parser = CaptionParser::new().unwrap();
    for broken in
        ["a", "a red", "a red of apple", "apple left of", "left of a cat", "a zebu", "a small small cat", "a a cat"]
    {
        assert!(!parser.parse(broken).strange.is_empty(), "{broken}");
    }
    assert!(parser.parse("").strange.is_empty());
    let two_places = parser.parse("left of a dog above a cow there is a cat");
    assert_eq!(two_places.strange, ["left of"]);
    assert_eq!(two_places.relations, [ClaimedRelation { subject: 2, direction: Direction::Above, reference: 1 }]);
}

/// An empty caption is false, and it adds nothing to precisions.
#[test]
fn an_empty_caption_is_all_wrong() {
    let scene = WORLD.scene(0);
    let grades = grades(&scene, "");
    assert_eq!((grades.object_recall.hits, grades.all_objects.hits, grades.all_true.hits), (0, 0, 0));
    assert_eq!((grades.object_precision.of, grades.relation_precision.of, grades.attributes().of), (0, 0, 0));
    assert_eq!((grades.all_true.of, grades.strange), (1, Share { hits: 0, of: 1 }));
}

#[test]
fn a_noun_said_twice_is_met_once() {
    let scene = (0..).map(|index| WORLD.scene(index)).find(|scene| scene.truth.groups.len() == 1).unwrap();
    let twice = format!("{} and {}", scene.caption, scene.caption);
    let grades = grades(&scene, &twice);
    assert_eq!(grades.object_precision, Share { hits: 1, of: 2 });
    assert_eq!((grades.all_objects.hits, grades.all_true.hits), (0, 0));
    assert_eq!(grades.object_f1(), Some(2.0 / 3.0));
}
