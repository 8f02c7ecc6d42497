//! Images and ground truth of scenes.

use std::collections::BTreeSet;

use image::Rgb;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use vq_data::ImageSource;
use vq_scenes::{Color, Direction, EmojiScenes, PixelBox, Scene, SceneConfig, SceneSplit, Size, scene_nouns};

use crate::support::{SIZE, SPLITS, WORLD, check_error, world};

/// The smallest box around an object's pixels of the map, and their number.
fn on_map(scene: &Scene, object: usize) -> (PixelBox, usize) {
    let is_its = |pixel: &image::Luma<u8>| usize::from(pixel[0]) == object + 1;
    let at: Vec<_> = scene.truth.map.enumerate_pixels().filter(|(_, _, pixel)| is_its(pixel)).collect();
    let (left, right) = (at.iter().map(|at| at.0).min().unwrap(), at.iter().map(|at| at.0).max().unwrap());
    let (top, bottom) = (at.iter().map(|at| at.1).min().unwrap(), at.iter().map(|at| at.1).max().unwrap());
    (PixelBox { left, top, width: right - left + 1, height: bottom - top + 1 }, at.len())
}

/// Asserts that the ground truth agrees with the image and with itself.
#[track_caller]
fn check(scene: &Scene) {
    let truth = &scene.truth;
    assert_eq!(scene.image.dimensions(), (SIZE, SIZE));
    assert_eq!(truth.map.dimensions(), (SIZE, SIZE));
    assert!((1..=4).contains(&truth.objects.len()));
    let numbers: BTreeSet<u8> = truth.map.pixels().map(|pixel| pixel[0]).filter(|&number| number > 0).collect();
    assert_eq!(numbers, (1..=truth.objects.len() as u8).collect());
    for (number, object) in truth.objects.iter().enumerate() {
        assert_eq!(on_map(scene, number).0, object.area);
        assert!(object.area.left + object.area.width <= SIZE && object.area.top + object.area.height <= SIZE);
        assert!((85..=100).contains(&object.visible));
        let percent = 100 * object.side / SIZE;
        let size = match percent {
            ..=30 => Size::Small,
            31..=44 => Size::Medium,
            _ => Size::Large,
        };
        assert_eq!(truth.groups[object.group].adjectives.size, size, "{percent} %");
    }
    let nouns: BTreeSet<&str> = truth.groups.iter().map(|group| group.noun.as_str()).collect();
    assert_eq!(nouns.len(), truth.groups.len());
    for (number, group) in truth.groups.iter().enumerate() {
        let objects = truth.objects.iter().filter(|object| object.group == number).count();
        assert_eq!(objects, usize::from(group.count));
    }
    let center = |area: PixelBox| {
        [f64::from(area.left) + f64::from(area.width) / 2.0, f64::from(area.top) + f64::from(area.height) / 2.0]
    };
    for subject in 0..truth.groups.len() {
        for reference in (0..truth.groups.len()).filter(|&reference| reference != subject) {
            let gaps = |axis: usize| {
                let of = |group| truth.objects.iter().filter(move |object| object.group == group);
                of(subject)
                    .flat_map(move |one| {
                        of(reference).map(move |other| center(other.area)[axis] - center(one.area)[axis])
                    })
                    .collect::<Vec<f64>>()
            };
            let margin = f64::from(SIZE) / 6.0;
            for direction in Direction::ALL {
                let holds = match direction {
                    Direction::Left => gaps(0).iter().all(|&gap| gap >= margin),
                    Direction::Right => gaps(0).iter().all(|&gap| gap <= -margin),
                    Direction::Above => gaps(1).iter().all(|&gap| gap >= margin),
                    Direction::Below => gaps(1).iter().all(|&gap| gap <= -margin),
                };
                let listed = truth.relations.iter().any(|relation| {
                    (relation.subject, relation.direction, relation.reference) == (subject, direction, reference)
                });
                assert_eq!(listed, holds, "{}: {direction:?}", scene.caption);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn truth_agrees_with_the_image(index: u64, split in prop::sample::select(&SPLITS[..])) {
        check(&world(split).scene(index));
    }

    #[test]
    fn a_scene_mirrored_twice_is_itself(index: u64, split in prop::sample::select(&SPLITS[..])) {
        let scene = world(split).scene(index);
        let mirrored = scene.mirrored();
        check(&mirrored);
        for (x, y, pixel) in scene.image.enumerate_pixels() {
            prop_assert_eq!(pixel, mirrored.image.get_pixel(SIZE - 1 - x, y));
        }
        prop_assert_eq!(mirrored.mirrored(), scene);
    }

    #[test]
    fn a_scene_is_a_function_of_its_number(index: u64) {
        let world = world(SceneSplit::Train);
        let scene = world.scene(index);
        prop_assert_ne!(&world.scene(index.wrapping_add(1)).image, &scene.image);
        prop_assert_eq!(world.scene(index), scene);
    }
}

/// At least half of the visible pixels of a tinted object have the colour of its caption.
#[test]
fn tinted_objects_have_their_colour() {
    let mut seen = BTreeSet::new();
    for index in 0..250 {
        let scene = world(SceneSplit::HeldOut).scene(index);
        for (number, object) in scene.truth.objects.iter().enumerate() {
            let group = &scene.truth.groups[object.group];
            let Some(color) = group.adjectives.color else { continue };
            seen.insert(color);
            let is_its = |(pixel, at): &(&Rgb<u8>, &image::Luma<u8>)| {
                usize::from(at[0]) == number + 1 && Color::of_pixel(pixel.0) == Some(color)
            };
            let named = scene.image.pixels().zip(scene.truth.map.pixels()).filter(is_its).count();
            let share = 100 * named / on_map(&scene, number).1;
            assert!(share >= 50, "scene {index}: {share} % of {} are {color:?}", group.noun);
        }
    }
    assert_eq!(seen.len(), Color::ALL.len());
}

#[test]
fn shades_have_their_colour() {
    for color in Color::ALL {
        for brightness in 0..=255 {
            let shade = color.shade(brightness);
            assert_eq!(Color::of_pixel(shade), Some(color), "{brightness}: {shade:?}");
        }
    }
    assert_eq!(Color::of_pixel([0, 255, 255]), None);
}

/// The bytes must never change, because results of different versions are compared on these scenes.
#[test]
fn scenes_are_pinned() {
    let hash = |split: SceneSplit| {
        let mut hash = Sha256::new();
        for index in [0, 1, 2, 3, 1000, u64::MAX] {
            let scene = world(split).scene(index);
            hash.update(scene.image.as_raw());
            hash.update(scene.truth.map.as_raw());
            hash.update(scene.caption.as_bytes());
            hash.update(format!("{:?}", scene.truth.relations));
        }
        format!("{:x}", hash.finalize())
    };
    let pinned = [
        "e5e0c67f2d383c5721d69ee0ffb609973cf4a4fcfb0cd6cc79383a9f08b921a7",
        "b9a9529288673d4dc1e5efa67c8d10c8fa25fda58955db43c828e08bc9917163",
        "4e01820eeb3f5d320891004983692a3629759e2a756ec55ae4e88ac701e4bacf",
    ];
    assert_eq!(SPLITS.map(hash), pinned);
}

#[test]
fn the_world_is_a_source() {
    let world = world(SceneSplit::Train);
    assert_eq!(world.len(), 100_000);
    let (sample, scene) = (world.get(12).unwrap(), world.scene(12));
    assert_eq!(sample.id, "scene 12 of train (seed 0)");
    assert_eq!(sample.caption, Some(scene.caption));
    assert_eq!(sample.labels, ["scene".to_owned(), scene.truth.groups[0].noun.clone()]);
    assert_eq!(sample.image.get_pixel(5, 9).0[..3], scene.image.get_pixel(5, 9).0);
    assert!(sample.image.pixels().all(|pixel| pixel[3] == 255));
    check_error(&world.get(100_000).unwrap_err(), &["below 100000", "got 100000"]);
}

#[test]
fn most_nouns_are_tintable() {
    let nouns = scene_nouns().unwrap();
    assert!((80..=150).contains(&nouns.len()), "{}", nouns.len());
    let tintable = WORLD.tintable().count();
    assert!(tintable >= 80, "{tintable}");
}

#[test]
fn seeds_and_splits_differ() {
    let scenes = SPLITS.map(|split| world(split).scene(3).image);
    assert_ne!(scenes[0], scenes[1]);
    assert_ne!(scenes[1], scenes[2]);
}

#[test]
fn small_scenes_of_one_object() {
    let config = SceneConfig { size: 32, seed: 9, objects: 1..=1, ..SceneConfig::new(32) };
    let world = EmojiScenes::new(config).unwrap();
    for index in 0..50 {
        let scene = world.scene(index);
        assert_eq!(scene.truth.objects.len(), 1);
        assert!(scene.truth.relations.is_empty());
        assert_eq!(scene.truth.objects[0].visible, 100);
    }
}

#[test]
fn invalid_configurations_are_refused() {
    #[track_caller]
    fn check(config: SceneConfig, parts: &[&str]) {
        check_error(&EmojiScenes::new(config).err().unwrap(), parts);
    }
    let good = SceneConfig::new(SIZE);
    check(SceneConfig { size: 31, ..good.clone() }, &["size", "32 to 256", "31"]);
    check(SceneConfig { size: 257, ..good.clone() }, &["size", "257"]);
    check(SceneConfig { objects: 0..=2, ..good.clone() }, &["objects", "1..=4", "0..=2"]);
    check(SceneConfig { objects: 2..=5, ..good.clone() }, &["objects", "2..=5"]);
    let nouns = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
    check(SceneConfig { nouns: nouns(&["aple"]), ..good.clone() }, &["nouns", "apple", "`aple`"]);
    check(SceneConfig { nouns: nouns(&["apple", "cat", "apple"]), ..good.clone() }, &["nouns", "at least 4", "2"]);
    check(SceneConfig { length: 0, ..good }, &["length", "at least 1"]);
    let text = serde_json::from_str::<SceneConfig>(r#"{ "size": 64, "colour": 1 }"#).unwrap_err().to_string();
    assert!(text.contains("colour"), "{text}");
    let read: SceneConfig = serde_json::from_str(r#"{ "size": 64 }"#).unwrap();
    assert_eq!(read, SceneConfig::new(64));
}

#[test]
fn a_sample_has_the_boxes_and_the_map_of_its_scene() {
    let world = &*WORLD;
    for index in 0..20 {
        let (sample, scene) = (world.get(index).unwrap(), world.scene(index as u64));
        let objects = scene.truth.objects.iter().map(|object| {
            let [left, top] = [object.area.left, object.area.top].map(f64::from);
            (scene.truth.groups[object.group].noun.clone(), left, top)
        });
        assert!(sample.boxes.iter().map(|found| (found.label.clone(), found.left, found.top)).eq(objects));
        let map = sample.segmentation.unwrap().map;
        assert!(map.pixels().zip(scene.truth.map.pixels()).all(|(ours, theirs)| ours.0[0] == u16::from(theirs.0[0])));
    }
}
