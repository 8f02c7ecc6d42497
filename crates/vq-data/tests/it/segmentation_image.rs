//! Segmentations as pictures.

use std::collections::HashSet;
use std::sync::Arc;

use image::{Luma, Rgba};
use vq_data::{EmojiScenes, EmojiSet, ImageSource, LabelMap, MapsAsImages, SceneConfig, SceneMap, Split, map_picture};

#[test]
fn each_number_has_a_colour_of_its_own() {
    let map = LabelMap::from_fn(200, 1, |x, _| Luma([x as u16]));
    let picture = map_picture(&map);
    let colors: HashSet<[u8; 4]> = picture.pixels().map(|pixel| pixel.0).collect();
    assert_eq!(colors.len(), 200);
    assert_eq!(*picture.get_pixel(0, 0), Rgba([0, 0, 0, 255]), "the background");
    assert_eq!(*picture.get_pixel(1, 0), Rgba([255, 0, 0, 255]), "the first hue is red");
    let difference = |a: &Rgba<u8>, b: &Rgba<u8>| a.0.iter().zip(b.0).map(|(a, b)| a.abs_diff(b) as u32).sum::<u32>();
    for one in 0..25 {
        for other in 0..one {
            let (a, b) = (picture.get_pixel(one, 0), picture.get_pixel(other, 0));
            assert!(difference(a, b) >= 40, "{one} and {other}: {a:?} and {b:?}");
        }
    }
}

/// Maps of scenes name things, whatever their number, if they are asked to.
#[test]
fn scenes_can_say_what_things_are() {
    let nouns = ["apple", "cat", "star", "car"].map(str::to_owned).to_vec();
    let config = SceneConfig { nouns, map: SceneMap::Nouns, length: 40, ..SceneConfig::new(32) };
    let scenes = EmojiScenes::new(config.clone()).unwrap();
    let objects = EmojiScenes::new(SceneConfig { map: SceneMap::Objects, ..config }).unwrap();
    let mut by_noun = std::collections::HashMap::new();
    for index in 0..40 {
        let truth = scenes.scene(index).truth;
        let labels = scenes.get(index as usize).unwrap().segmentation.unwrap().map;
        let numbers = objects.get(index as usize).unwrap().segmentation.unwrap().map;
        for (label, number) in labels.pixels().zip(numbers.pixels()) {
            match number.0[0] {
                0 => assert_eq!(label.0[0], 0),
                number => {
                    let noun = truth.groups[truth.objects[usize::from(number) - 1].group].noun.clone();
                    assert_eq!(*by_noun.entry(noun).or_insert(label.0[0]), label.0[0]);
                }
            }
        }
    }
    let labels: HashSet<u16> = by_noun.values().copied().collect();
    assert_eq!(labels, HashSet::from([1, 2, 3, 4]), "{by_noun:?}");
}

#[test]
fn a_source_shows_its_maps() {
    let scenes: Arc<dyn ImageSource> =
        Arc::new(EmojiScenes::new(SceneConfig { length: 3, ..SceneConfig::new(32) }).unwrap());
    let maps = MapsAsImages::new(Arc::clone(&scenes));
    for index in 0..3 {
        let (scene, map) = (scenes.get(index).unwrap(), maps.get(index).unwrap());
        assert_eq!(map.image, map_picture(&scene.segmentation.as_ref().unwrap().map));
        assert_eq!((map.caption, map.segmentation), (scene.caption, scene.segmentation));
    }
    let emoji = Arc::new(EmojiSet::embedded().unwrap().split(Split::Train));
    let error = MapsAsImages::new(emoji).get(0).unwrap_err();
    let said = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(said.contains("show a segmentation") && said.contains("none"), "{said}");
}
