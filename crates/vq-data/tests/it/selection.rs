//! Choices of samples by their ids.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vq_data::{
    CaptionFile, CaptionTemplate, CaptionedConfig, CifarConfig, Damaged, DataError, DatasetLayout, FolderClasses,
    HeldOut, HeldOutSplit, ImageFolder, ImageFolderConfig, Limit, Listed, Split, WebConfig,
};

use crate::datasets::{Tree, check_refused, cifar, listing, picture, web};
use crate::support::check_error;

/// The ids of all samples.
fn ids(source: &dyn Listed) -> Vec<String> {
    assert_eq!(source.id(source.len()), None);
    (0..source.len()).map(|index| source.id(index).unwrap()).collect()
}

fn open(tree: &Tree) -> ImageFolder {
    ImageFolder::open(tree.root(), ImageFolderConfig::default()).unwrap()
}

/// A folder of empty files: only names matter.
fn named(count: usize) -> Tree {
    let tree = Tree::new();
    (0..count).for_each(|index| {
        tree.put(&format!("{index}.png"), "");
    });
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn parts_share_nothing_and_lose_nothing(share in 0.3_f64..0.7, seed: u64) {
        let tree = named(64);
        let held_out = HeldOut { share, seed };
        let HeldOutSplit { train, held_out: held } = held_out.divide(&open(&tree)).unwrap();
        let mut all = [ids(&*train), ids(&*held)].concat();
        all.sort_unstable();
        prop_assert_eq!(all, ids(&open(&tree)));

        // A new file moves no other one.
        tree.put("more.png", "");
        let more = held_out.divide(&open(&tree)).unwrap();
        let without = |source: &dyn Listed| -> Vec<String> { ids(source).into_iter().filter(|id| id != "more.png").collect() };
        prop_assert_eq!(without(&*more.train), ids(&*train));
        prop_assert_eq!(without(&*more.held_out), ids(&*held));
    }

    /// A lower limit takes a subset of a higher one, in the source's order; another seed takes others.
    #[test]
    fn limits_lie_within_each_other(low in 1_usize..40, more in 0_usize..24, seed: u64) {
        let tree = named(64);
        let folder = open(&tree);
        let within = |count, seed| ids(&*Limit { count, seed }.apply(&folder).unwrap());
        let (few, many) = (within(low, seed), within(low + more, seed));
        prop_assert_eq!([few.len(), many.len()], [low, low + more]);
        prop_assert!(many.is_sorted());
        let many: BTreeSet<&String> = many.iter().collect();
        prop_assert!(few.iter().all(|id| many.contains(id)));
        if low > 8 && low + more < 56 {
            prop_assert_ne!(few, within(low, seed.wrapping_add(1)));
        }
        // None of them is held out.
        let parts = HeldOut { share: 0.3, seed }.divide(&folder).unwrap();
        let train = ids(&*Limit { count: low.min(parts.train.len()), seed }.apply(&*parts.train).unwrap());
        let held: BTreeSet<String> = ids(&*parts.held_out).into_iter().collect();
        prop_assert!(train.iter().all(|id| !held.contains(id)));
    }

    /// No image of one part replaces a damaged one of the other.
    #[test]
    fn a_part_stands_in_for_itself(damaged in prop::collection::btree_set(0_usize..12, 0..6), seed in 0_u64..32) {
        let tree = Tree::new();
        for index in 0..12 {
            let bytes = if damaged.contains(&index) { Vec::new() } else { picture(index as u8) };
            tree.put(&format!("{index}.png"), bytes);
        }
        let config = ImageFolderConfig { damaged: Damaged::Skip, ..ImageFolderConfig::default() };
        let folder = ImageFolder::open(tree.root(), config).unwrap();
        // Cases in which one side is empty or has only damaged images are skipped.
        let Ok(parts) = HeldOut { share: 0.5, seed }.divide(&folder) else { return Ok(()) };
        for part in [parts.train, parts.held_out] {
            let own = ids(&*part);
            for index in 0..part.len() {
                if let Ok(sample) = part.get(index) {
                    prop_assert!(own.contains(&sample.id), "{} in {own:?}", sample.id);
                }
            }
        }
    }
}

fn sidecar(tree: &Tree) -> Result<vq_data::ImageFiles, DataError> {
    CaptionedConfig { root: tree.root().to_owned(), captions: CaptionFile::Sidecar, damaged: Damaged::Fail }.open()
}

#[test]
fn the_held_out_part_is_pinned() {
    let tree = Tree::new();
    for index in 0..10 {
        tree.put(&format!("a/{index}.png"), picture(index)).put(&format!("a/{index}.txt"), "x");
    }
    let held = |source: &dyn Listed, seed| ids(&*HeldOut { share: 0.3, seed }.divide(source).unwrap().held_out);
    // Digests of Python's hashlib: sha256(seed.to_bytes(8, "little") + b"a/0.png") and so on.
    assert_eq!(held(&open(&tree), 0), ["a/0.png", "a/3.png", "a/4.png", "a/7.png", "a/8.png"]);
    assert_eq!(held(&open(&tree), 1), ["a/1.png", "a/7.png"]);
    assert_eq!(held(&sidecar(&tree).unwrap(), 1), ["a/1.png", "a/7.png"], "of captioned images as of a folder");
    // The lowest of these digests are the first within a limit.
    let limited = |count| ids(&*Limit { count, seed: 1 }.apply(&open(&tree)).unwrap());
    assert_eq!(limited(2), ["a/1.png", "a/7.png"]);
    assert_eq!(limited(10), ids(&open(&tree)));
}

#[test]
fn invalid_shares_and_limits_are_refused() {
    let tree = named(2);
    let refused = |share| HeldOut { share, seed: 0 }.divide(&open(&tree)).err().unwrap();
    check_error(&refused(0.0), &["hold out a share of the images: expected a share above 0 and below 1, got 0"]);
    check_error(&refused(1.0), &["got 1"]);
    check_error(&refused(f64::NAN), &["got NaN"]);
    check_error(&refused(1e-9), &["images on both sides", "0 held out of 2"]);
    let refused = |count| Limit { count, seed: 0 }.apply(&open(&tree)).err().unwrap();
    check_error(&refused(0), &["limit the images: expected a limit of 1 to 2, the number of images, got 0"]);
    check_error(&refused(3), &["got 3"]);
}

/// A part of every kind of source reads as the whole does.
#[track_caller]
fn check_part(source: &dyn Listed) {
    let all = listing(source);
    let names: Vec<&str> = all.iter().map(|line| line.split(" | ").next().unwrap()).collect();
    assert_eq!(ids(source), names);
    let part = source.part(&|index| index % 2 == 1);
    let odd: Vec<String> = all.iter().skip(1).step_by(2).cloned().collect();
    assert!(!odd.is_empty());
    assert_eq!(listing(&*part), odd);
    // Captions are read without the image.
    let captions = |line: &String| -> Vec<String> {
        let said = line.split(" | ").nth(1).unwrap();
        if said.is_empty() { Vec::new() } else { said.split(" / ").map(str::to_owned).collect() }
    };
    for (index, line) in odd.iter().enumerate() {
        assert_eq!(part.captions(index).unwrap(), captions(line));
    }
    assert!(part.captions(odd.len()).is_err());
    assert!(part.get(odd.len()).is_err());
}

#[test]
fn every_source_has_parts() {
    let tree = Tree::new();
    for (level, name) in ["a/x", "a/y", "b_c/z"].into_iter().enumerate() {
        tree.put(&format!("{name}.png"), picture(level as u8)).put(&format!("{name}.txt"), format!("{name}\nagain\n"));
    }
    check_part(&open(&tree));
    check_part(&sidecar(&tree).unwrap());

    let caption = Some(CaptionTemplate::new("a photo of a {class}").unwrap());
    let config =
        ImageFolderConfig { classes: FolderClasses::FirstFolder, caption: caption.clone(), damaged: Damaged::Fail };
    check_part(&ImageFolder::open(tree.root(), config).unwrap());

    let tree = Tree::new();
    tree.put("batches.meta.txt", cifar::NAMES).put("test_batch.bin", cifar::batch(&[9, 0, 3]));
    check_part(&CifarConfig { root: tree.root().to_owned(), split: Split::Validation, caption }.open().unwrap());

    let tree = Tree::new();
    let text = |text: &str| text.as_bytes().to_vec();
    tree.put("0.tar", web::tar_of(&[("a.png", picture(0)), ("a.txt", text("an a\none a")), ("b.png", picture(1))]))
        .put("1.tar", web::tar_of(&[("a.png", picture(2)), ("b.png", picture(3)), ("b.txt", text("a b"))]));
    check_part(&WebConfig { root: tree.root().to_owned(), damaged: Damaged::Fail }.open().unwrap());
}

#[test]
fn a_template_needs_a_place_for_the_class() {
    let caption = |text: &str, class| CaptionTemplate::new(text).unwrap().caption(class);
    assert_eq!(caption("a photo of a {class}", "automobile"), "a photo of a automobile");
    assert_eq!(caption("{class}, {class}", "sea_lion_"), "sea lion , sea lion ");
    assert_eq!(caption("{class}", "{class}"), "{class}", "names are not read again");
    for text in ["", "a photo", "a photo of a {klass}", "{class} {}", "{class} of }", "{{class}}"] {
        let got = format!("expected `{{class}}` in it, and no other braces, got {text:?}");
        check_refused(CaptionTemplate::new(text), &["read a caption template", &got]);
        assert!(serde_json::from_value::<CaptionTemplate>(text.into()).unwrap_err().to_string().contains(&got));
    }
    let tree = named(1);
    let config =
        ImageFolderConfig { caption: Some(CaptionTemplate::new("{class}").unwrap()), ..ImageFolderConfig::default() };
    check_refused(
        ImageFolder::open(tree.root(), config),
        &[
            "open image folder",
            "expected `classes = \"first-folder\"`, because `caption` names the class, got `classes = \"unlabelled\"`",
        ],
    );
}
