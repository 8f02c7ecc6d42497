//! Segmentations of scenes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use vq_data::{ImageSource, SegmentationImages, segmentation_image};
use vq_scenes::{EmojiScenes, SceneConfig, SceneMap};

/// With `map = "nouns"` a label means a noun in all scenes.
#[test]
fn maps_can_have_a_label_for_each_noun() {
    let nouns = ["apple", "cat", "star", "car"].map(str::to_owned).to_vec();
    let config = SceneConfig { nouns, map: SceneMap::Nouns, length: 40, ..SceneConfig::new(32) };
    let scenes = EmojiScenes::new(config.clone()).unwrap();
    let objects = EmojiScenes::new(SceneConfig { map: SceneMap::Objects, ..config }).unwrap();
    let mut by_noun = HashMap::new();
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
fn segmentations_of_scenes_become_images() {
    let scenes: Arc<dyn ImageSource> =
        Arc::new(EmojiScenes::new(SceneConfig { length: 3, ..SceneConfig::new(32) }).unwrap());
    let maps = SegmentationImages::new(Arc::clone(&scenes));
    for index in 0..3 {
        let (scene, map) = (scenes.get(index).unwrap(), maps.get(index).unwrap());
        assert_eq!(map.image, segmentation_image(&scene.segmentation.as_ref().unwrap().map));
        assert_eq!((map.caption, map.segmentation), (scene.caption, scene.segmentation));
    }
}
