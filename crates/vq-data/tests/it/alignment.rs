use image::{Rgba, RgbaImage};
use proptest::prelude::*;
use vq_data::{
    Background, Crop, Flip, ImageSource, InMemory, Jitter, LabelMap, LabelSides, LabelledBox, Sample, Segmentation,
    Transform,
};

use crate::support::check_error;

/// A black image with one white rectangle with the label 7, and its box.
#[derive(Debug, Clone)]
struct Scene {
    width: u32,
    height: u32,
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

impl Scene {
    fn inside(&self, x: u32, y: u32) -> bool {
        (self.left..self.right).contains(&x) && (self.top..self.bottom).contains(&y)
    }

    fn sample(&self) -> Sample {
        let level = |x, y| if self.inside(x, y) { 255 } else { 0 };
        Sample {
            image: RgbaImage::from_fn(self.width, self.height, |x, y| {
                let level = level(x, y);
                Rgba([level, level, level, 255])
            }),
            segmentation: Some(Segmentation {
                map: LabelMap::from_fn(self.width, self.height, |x, y| image::Luma([7 * u16::from(self.inside(x, y))])),
                ..Segmentation::default()
            }),
            boxes: vec![LabelledBox {
                label: "rectangle".to_owned(),
                left: self.left.into(),
                top: self.top.into(),
                width: (self.right - self.left).into(),
                height: (self.bottom - self.top).into(),
            }],
            ..Sample::default()
        }
    }
}

fn scene() -> impl Strategy<Value = Scene> {
    (8_u32..48, 8_u32..48)
        .prop_flat_map(|(width, height)| (Just(width), Just(height), 0..width - 4, 0..height - 4))
        .prop_flat_map(|(width, height, left, top)| {
            (Just(width), Just(height), Just(left), Just(top), left + 4..=width, top + 4..=height)
        })
        .prop_map(|(width, height, left, top, right, bottom)| Scene { width, height, left, top, right, bottom })
}

fn transform() -> impl Strategy<Value = Transform> {
    (4_u32..32, any::<bool>(), prop_oneof![Just(Crop::Center), (0.3..1.0).prop_map(Crop::Random)], 0.0..0.3).prop_map(
        |(size, flips, crop, amount)| Transform {
            flip: if flips { Flip::Random } else { Flip::Never },
            crop,
            background: Background::Random,
            // Saturation and a little brightness keep black black and white light.
            jitter: Jitter { brightness: amount, contrast: 0.0, saturation: amount },
            ..Transform::fixed(size, [0; 3])
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Where the label is constant within the reach of the filter, the image agrees with it; and the box is that of the
    /// labelled region, within a pixel.
    #[test]
    fn masks_and_boxes_lie_on_what_they_name(scene in scene(), transform in transform(), seed: u64) {
        let sample = scene.sample();
        let done = transform.apply_sample(&sample, seed).unwrap();
        prop_assert_eq!(&done.chw, &transform.apply(&sample.image, seed).unwrap());
        let map = done.annotations.segmentation.unwrap().map;
        let size = transform.size;
        prop_assert_eq!(map.dimensions(), (size, size));

        // The filter reaches two pixels of the larger grid, and beyond the crop, where the map has no labels.
        let least = match transform.crop {
            Crop::Center => 1.0,
            Crop::Random(least) => least,
        };
        let smallest = least * f64::from(scene.width.min(scene.height));
        let reach = (2.0 * (f64::from(size) / smallest).max(1.0)).ceil() as u32 + 1;
        let whole = reach..size.saturating_sub(reach);
        for (x, y) in whole.clone().flat_map(|y| whole.clone().map(move |x| (x, y))) {
            let near = |at: u32| at - reach..=at + reach;
            let here = map.get_pixel(x, y).0[0];
            if near(y).all(|y| near(x).all(|x| map.get_pixel(x, y).0[0] == here)) {
                let value = done.chw[(y * size + x) as usize];
                if here == 7 { prop_assert!(value > 0.35, "{value}") } else { prop_assert!(value < -0.98, "{value}") }
            }
        }

        let places: Vec<(u32, u32)> = map.enumerate_pixels().filter(|(_, _, label)| label.0[0] == 7).map(|(x, y, _)| (x, y)).collect();
        match done.annotations.boxes.as_slice() {
            [] => prop_assert!(places.is_empty()),
            [found] => {
                prop_assert_eq!(&found.label, "rectangle");
                let (right, bottom) = (found.left + found.width, found.top + found.height);
                prop_assert!(found.left >= 0.0 && found.top >= 0.0 && right <= f64::from(size) && bottom <= f64::from(size));
                // A thin box may contain the centre of no pixel.
                if !places.is_empty() {
                    let ends = [
                        (f64::from(places.iter().map(|at| at.0).min().unwrap()), found.left),
                        (f64::from(places.iter().map(|at| at.0).max().unwrap() + 1), right),
                        (f64::from(places.iter().map(|at| at.1).min().unwrap()), found.top),
                        (f64::from(places.iter().map(|at| at.1).max().unwrap() + 1), bottom),
                    ];
                    for (seen, said) in ends {
                        prop_assert!((seen - said).abs() <= 0.5 + 1e-6, "{ends:?}");
                    }
                } else {
                    prop_assert!(found.width < 1.0 || found.height < 1.0);
                }
            }
            more => prop_assert!(false, "{more:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Where no pixels are mixed, the image is white exactly where the label is.
    #[test]
    fn at_the_same_size_masks_fit_to_the_pixel(scene in scene(), seed: u64) {
        let size = scene.width.min(scene.height);
        let scene = Scene { width: size, height: size, ..scene };
        let transform = Transform { flip: Flip::Random, ..Transform::fixed(size, [0; 3]) };
        let done = transform.apply_sample(&scene.sample(), seed).unwrap();
        let white: Vec<bool> = done.chw[..(size * size) as usize].iter().map(|value| *value == 1.0).collect();
        let labelled: Vec<bool> = done.annotations.segmentation.unwrap().map.iter().map(|label| *label == 7).collect();
        prop_assert_eq!(white, labelled);
    }
}

/// An image of 2x2 with one label per pixel.
fn four(sides: &'static [LabelSides]) -> Sample {
    Sample {
        image: RgbaImage::from_pixel(2, 2, Rgba([9, 9, 9, 255])),
        segmentation: Some(Segmentation {
            map: LabelMap::from_raw(2, 2, vec![1, 2, 3, 4]).unwrap(),
            sides: sides.into(),
        }),
        ..Sample::default()
    }
}

fn flips() -> Transform {
    Transform { flip: Flip::Random, ..Transform::fixed(2, [0; 3]) }
}

/// The first seed that mirrors.
fn mirroring_seed() -> u64 {
    let image = RgbaImage::from_fn(2, 2, |x, _| Rgba([x as u8 * 255, 0, 0, 255]));
    (0..).find(|&seed| flips().apply(&image, seed).unwrap()[0] == 1.0).unwrap()
}

#[test]
fn a_mirrored_map_exchanges_left_and_right() {
    let labels = |sides| {
        let done = flips().apply_sample(&four(sides), mirroring_seed()).unwrap();
        done.annotations.segmentation.unwrap().map.into_raw()
    };
    assert_eq!(labels(&[]), [2, 1, 4, 3]);
    assert_eq!(labels(&[LabelSides { left: 1, right: 4 }]), [2, 4, 1, 3]);
}

#[test]
fn a_map_of_another_size_is_refused() {
    let sample = Sample { image: RgbaImage::new(3, 2), ..four(&[]) };
    let error = flips().apply_sample(&sample, 0).unwrap_err();
    check_error(&error, &["a segmentation of 3x2, as the image, got 2x2"]);
}

/// One sample of 8x6.
struct One(Sample);

impl ImageSource for One {
    fn len(&self) -> usize {
        1
    }

    fn get(&self, _: usize) -> Result<Sample, vq_data::DataError> {
        Ok(self.0.clone())
    }
}

#[test]
fn memory_keeps_masks_and_boxes_aligned() {
    let scene = Scene { width: 8, height: 6, left: 3, top: 0, right: 8, bottom: 3 };
    let kept = InMemory::load(&One(scene.sample()), 3).unwrap().get(0).unwrap();
    // The centred 6x6 begins at column 1; the second of every two pixels is sampled.
    assert_eq!(kept.segmentation.unwrap().map.into_raw(), [0, 7, 7, 0, 0, 0, 0, 0, 0]);
    let LabelledBox { left, top, width, height, .. } = &kept.boxes[0];
    assert_eq!([*left, *top, *width, *height], [1.0, 0.0, 2.0, 1.5]);
}
