//! Segmentations drawn in colours.

use std::collections::HashSet;
use std::sync::Arc;

use image::{Luma, Rgba};
use vq_data::{EmojiSet, ImageSource, LabelMap, SegmentationImages, Split, segmentation_image};

#[test]
fn each_label_has_its_own_colour() {
    let map = LabelMap::from_fn(200, 1, |x, _| Luma([x as u16]));
    let picture = segmentation_image(&map);
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

#[test]
fn a_source_without_segmentations_is_refused() {
    let emoji = Arc::new(EmojiSet::embedded().unwrap().split(Split::Train));
    let error = SegmentationImages::new(emoji).get(0).unwrap_err();
    let text = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(text.contains("draw a segmentation") && text.contains("none"), "{text}");
}
