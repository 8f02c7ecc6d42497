//! Scores of predicted scenes, and how they add up.

use vq_pipeline::{PredictedObject, PredictedScene, SceneScores};
use vq_scenes::{Color, EmojiScenes, SceneConfig, SceneGroup, SceneTruth, Share};

/// A scene of three groups: a cat that was tinted red, a yellow lemon, and a star without a colour of its own.
fn truth() -> SceneTruth {
    let config = SceneConfig { objects: 1..=1, ..SceneConfig::new(32) };
    let truth = EmojiScenes::new(config).unwrap().scene(0).truth;
    let group = |noun: &str, color, natural_color| {
        let mut group: SceneGroup = truth.groups[0].clone();
        group.noun = noun.into();
        group.adjectives.color = color;
        SceneGroup { natural_color, ..group }
    };
    let cat = group("cat", Some(Color::Red), Some(Color::Yellow));
    let groups = vec![cat, group("lemon", None, Some(Color::Yellow)), group("star", None, None)];
    SceneTruth { groups, ..truth }
}

fn objects(objects: &[(&str, Option<Color>)]) -> Vec<PredictedObject> {
    objects.iter().map(|&(noun, color)| PredictedObject { noun: noun.into(), color }).collect()
}

/// Checks precision, recall, all objects, colour and all right of predicted objects.
#[track_caller]
fn check(predicted: &[(&str, Option<Color>)], expected: [(u64, u64); 5]) -> SceneScores {
    let scores = SceneScores::of(&truth(), &PredictedScene { objects: objects(predicted), ranked: Vec::new() });
    let SceneScores { object_precision, object_recall, all_objects, color, all_right, .. } = scores;
    let shares = [object_precision, object_recall, all_objects, color, all_right];
    assert_eq!(shares, expected.map(|(hits, of)| Share { hits, of }), "{predicted:?}");
    scores
}

#[test]
fn given_colour_or_natural_colour_is_right() {
    use Color::{Blue, Green, Red, Yellow};
    let right = [(3, 3), (3, 3), (1, 1), (3, 3), (1, 1)];
    check(&[("cat", Some(Red)), ("lemon", None), ("star", None)], right);
    check(&[("cat", Some(Red)), ("lemon", Some(Yellow)), ("star", None)], right);
    check(&[("cat", None), ("lemon", Some(Green)), ("star", Some(Blue))], [(3, 3), (3, 3), (1, 1), (0, 3), (0, 1)]);
    // The cat's natural colour is wrong, since it was tinted.
    check(&[("cat", Some(Yellow)), ("lemon", None), ("star", None)], [(3, 3), (3, 3), (1, 1), (2, 3), (0, 1)]);
}

#[test]
fn additional_or_missing_object_makes_the_scene_wrong() {
    use Color::Red;
    check(
        &[("bus", Some(Red)), ("cat", Some(Red)), ("lemon", None), ("star", None)],
        [(3, 4), (3, 3), (0, 1), (3, 3), (0, 1)],
    );
    check(&[("cat", Some(Red)), ("bus", None)], [(1, 2), (1, 3), (0, 1), (1, 1), (0, 1)]);
}

#[test]
fn merged_scores_are_sums() {
    let red = Some(Color::Red);
    let all = check(&[("cat", red), ("lemon", None), ("star", None)], [(3, 3), (3, 3), (1, 1), (3, 3), (1, 1)]);
    let some = check(&[("cat", red), ("bus", None)], [(1, 2), (1, 3), (0, 1), (1, 1), (0, 1)]);
    let none = check(&[], [(0, 0), (0, 3), (0, 1), (0, 0), (0, 1)]);
    assert_eq!(some.object_f1(), Some(2.0 * 0.5 * (1.0 / 3.0) / (0.5 + 1.0 / 3.0)));
    assert_eq!(none.object_f1(), None);
    let sum = all.merge(some).merge(none);
    assert_eq!(sum.object_precision, Share { hits: 4, of: 5 });
    assert_eq!(sum.object_recall, Share { hits: 4, of: 9 });
    assert_eq!((sum.all_objects.of, sum.color.of, sum.all_right.hits), (3, 4, 1));
}

#[test]
fn most_probable_nouns_and_colours_are_scored_without_predicted_objects() {
    use Color::{Blue, Red, Yellow};
    let ranked = [("bus", None), ("star", Some(Blue)), ("cat", Some(Red)), ("lemon", Some(Yellow))];
    let predicted = PredictedScene { objects: Vec::new(), ranked: objects(&ranked) };
    let SceneScores { likeliest, asked_color, object_recall, .. } = SceneScores::of(&truth(), &predicted);
    assert_eq!(likeliest, Share { hits: 2, of: 3 }, "the lemon is the fourth of four");
    assert_eq!(asked_color, Share { hits: 2, of: 3 }, "the star was not given blue");
    assert_eq!(object_recall, Share { hits: 0, of: 3 });
}
