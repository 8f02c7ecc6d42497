use image::{Rgba, RgbaImage};
use proptest::prelude::*;
use vq_data::{Flip, Sample, Sides, Transform};

fn transform(sides: Sides) -> Transform {
    Transform { flip: Flip::Random, sides, ..Transform::fixed(2, [0; 3]) }
}

fn sample(caption: &str) -> Sample {
    let image = RgbaImage::from_fn(2, 2, |x, _| Rgba([x as u8 * 255, 0, 0, 255]));
    Sample { image, caption: Some(caption.to_owned()), ..Sample::default() }
}

/// Seeds of which some flip and some do not.
const SEEDS: std::ops::Range<u64> = 0..64;

/// The captions of the flipped images among some seeds.
fn flipped(sides: Sides, caption: &str) -> Vec<String> {
    let sample = sample(caption);
    let done = SEEDS.map(|seed| transform(sides).apply_sample(&sample, seed).unwrap());
    let (flipped, straight): (Vec<_>, Vec<_>) = done.partition(|done| done.chw[0] == 1.0);
    assert!(straight.iter().all(|done| done.annotations.caption.as_deref() == Some(caption)));
    flipped.into_iter().map(|done| done.annotations.caption.unwrap()).collect()
}

#[test]
fn images_whose_captions_name_sides_are_not_flipped() {
    for caption in ["a cat on the left", "Right-hand side", "the dog's RIGHT.", "left"] {
        assert!(flipped(Sides::Keep, caption).is_empty(), "{caption}");
        assert!(!flipped(Sides::Ignore, caption).is_empty(), "{caption}");
        assert!(flipped(Sides::Ignore, caption).iter().all(|after| after == caption));
    }
    for caption in ["a bright leftover", "cleft", "rightly", "", "a cat"] {
        assert!(!flipped(Sides::Keep, caption).is_empty(), "{caption}");
    }
}

#[test]
fn swapped_sides_keep_their_capitalization() {
    for (before, after) in [
        ("a cat left of a dog, right there", "a cat right of a dog, left there"),
        ("Left-hand; RIGHT!", "Right-hand; LEFT!"),
        ("leftover brightness", "leftover brightness"),
        ("links — left ← é", "links — right ← é"),
    ] {
        let captions = flipped(Sides::Swap, before);
        assert!(!captions.is_empty() && captions.iter().all(|caption| caption == after), "{captions:?}");
        assert!(flipped(Sides::Swap, after).iter().all(|caption| caption == before));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_swaps_are_none(words in prop::collection::vec("left|Right|RIGHT|[a-zé]{1,4}|[ ,.-]{1,2}", 0..8)) {
        let caption = words.concat();
        for once in flipped(Sides::Swap, &caption) {
            for twice in flipped(Sides::Swap, &once) {
                prop_assert_eq!(&twice, &caption);
            }
        }
    }
}
