use proptest::prelude::*;
use vq_data::{
    AdeConfig, CaptionFile, CaptionedConfig, Damaged, DataError, DatasetLayout, ImageSource, LabelCount, LabelMap,
    LabelledBox, Sample, Segmentation, SizeCount, Split, Survey, ValueStats,
};

use crate::datasets::{Tree, grey, picture};
use crate::support::Numbered;

/// Samples in memory.
struct Given(Vec<Sample>);

impl ImageSource for Given {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        Ok(self.0[index].clone())
    }
}

fn sample(id: &str, width: u32, height: u32) -> Sample {
    Sample { id: id.to_owned(), image: image::RgbaImage::new(width, height), ..Sample::default() }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn given() -> Given {
    let map = |labels: Vec<u16>| {
        let map = LabelMap::from_raw(2, 2, labels).unwrap();
        Some(Segmentation { map, ..Segmentation::default() })
    };
    let found = LabelledBox { label: "beak".to_owned(), left: 0.0, top: 0.0, width: 1.0, height: 1.0 };
    Given(vec![
        Sample {
            caption: Some("a red bird".to_owned()),
            more_captions: strings(&["two  words", " "]),
            labels: strings(&["bird", "robin"]),
            ..sample("a", 200, 100)
        },
        Sample {
            caption: Some("a cat".to_owned()),
            labels: strings(&["beast", "cat"]),
            segmentation: map(vec![0, 7, 300, 7]),
            boxes: vec![found.clone(), found],
            ..sample("b", 2, 2)
        },
        Sample { labels: strings(&["bird", "auk"]), segmentation: map(vec![0, 0, 0, 1]), ..sample("c", 2, 2) },
        Sample { caption: Some("  ".to_owned()), labels: strings(&["bird"]), ..sample("d", 100, 400) },
        sample("e", 100, 400),
    ])
}

#[test]
fn statistics_cover_all_samples() {
    let survey = Survey::of(&given(), &|| {});
    assert_eq!((survey.listed, survey.sound, survey.damaged.len()), (5, 5, 0));
    let sizes = survey.sizes.unwrap();
    assert_eq!(sizes.width, ValueStats { min: 2.0, median: 100.0, mean: 404.0 / 5.0, max: 200.0 });
    assert_eq!(sizes.height, ValueStats { min: 2.0, median: 100.0, mean: 904.0 / 5.0, max: 400.0 });
    assert_eq!(sizes.aspect, ValueStats { min: 0.25, median: 1.0, mean: 0.9, max: 2.0 });
    // The smaller of two equally frequent sizes.
    assert_eq!((sizes.different, sizes.commonest), (3, SizeCount { width: 2, height: 2, images: 2 }));
    let classes = |level: usize| {
        let counts = survey.labels[level].classes.iter();
        counts.map(|LabelCount { label, samples }| format!("{label} {samples}")).collect::<Vec<_>>()
    };
    assert_eq!(survey.labels.len(), 2);
    assert_eq!(classes(0), ["bird 3", "beast 1"]);
    assert_eq!(classes(1), ["auk 1", "cat 1", "robin 1"]);
    assert_eq!(survey.unlabelled, 1);
    let captions = survey.captions;
    assert_eq!((captions.total, captions.samples_without), (3, 3));
    assert_eq!(captions.per_sample, Some(ValueStats { min: 0.0, median: 0.0, mean: 0.6, max: 2.0 }));
    assert_eq!(captions.words, Some(ValueStats { min: 2.0, median: 2.0, mean: 7.0 / 3.0, max: 3.0 }));
    assert_eq!((survey.segmentations.samples, survey.segmentations.samples_without), (2, 3));
    assert_eq!(survey.segmentations.labels.into_iter().collect::<Vec<_>>(), [0, 1, 7, 300]);
    assert_eq!((survey.boxes.total, survey.boxes.samples_without), (2, 4));
}

#[test]
fn an_empty_source_has_no_statistics() {
    let survey = Survey::of(&Given(Vec::new()), &|| {});
    assert_eq!((survey.listed, survey.sizes, survey.captions.words), (0, None, None));
    let survey = Survey::of(&Numbered { broken: Some(0), ..Numbered::new(1) }, &|| {});
    assert_eq!((survey.sound, survey.sizes), (0, None));
    assert_eq!(survey.damaged[0].sample, "index 0");
    assert!(survey.damaged[0].reason.contains("an image with pixels, got 0x0"), "{:?}", survey.damaged);
}

/// Under both policies each damaged file is listed, and the statistics do not count a replacement.
#[test]
fn damaged_files_are_named_under_both_policies() {
    let tree = Tree::new();
    let files = [picture(0), Vec::new(), picture(2)[..40].to_vec(), picture(3), b"no image".to_vec()];
    for (index, bytes) in files.iter().enumerate() {
        tree.put(&format!("{index}.png"), bytes).put(&format!("{index}.txt"), format!("number {index}"));
    }
    for damaged in [Damaged::Fail, Damaged::Skip] {
        let config = CaptionedConfig { root: tree.root().to_owned(), captions: CaptionFile::Sidecar, damaged };
        let survey = Survey::of(&config.open().unwrap(), &|| {});
        assert_eq!((survey.listed, survey.sound, survey.captions.total), (5, 2, 2), "{damaged:?}");
        let named: Vec<_> = survey.damaged.iter().map(|fault| fault.sample.rsplit('/').next().unwrap()).collect();
        assert_eq!(named, ["1.png", "2.png", "4.png"], "{damaged:?}");
        let reasons = ["an empty file", "2.png", "a file of another format"];
        for (fault, reason) in survey.damaged.iter().zip(reasons) {
            assert!(fault.reason.contains(reason), "{fault:?}");
        }
    }
}

#[test]
fn a_mask_of_another_size_is_damage() {
    let tree = Tree::new();
    tree.put("sceneCategories.txt", "a beach\nb beach\n");
    for (name, map) in [("a", grey(4, &[1; 16])), ("b", grey(2, &[1; 4]))] {
        tree.put(&format!("images/training/{name}.jpg"), picture(1))
            .put(&format!("annotations/training/{name}.png"), map);
    }
    let config = AdeConfig { root: tree.root().to_owned(), split: Split::Train, damaged: Damaged::Fail };
    let survey = Survey::of(&config.open().unwrap(), &|| {});
    assert_eq!((survey.sound, survey.segmentations.samples), (1, 1));
    assert!(survey.damaged[0].reason.contains("training/b.png: expected a map as large as its image"), "{survey:?}");
}

proptest! {
    #[test]
    fn a_spread_holds_its_numbers(numbers in prop::collection::vec(-1e6_f64..1e6, 1..40)) {
        let spread = ValueStats::of(numbers.clone()).unwrap();
        let below = numbers.iter().filter(|&&number| number <= spread.median).count();
        let above = numbers.iter().filter(|&&number| number >= spread.median).count();
        prop_assert!(2 * below >= numbers.len() && 2 * above >= numbers.len());
        prop_assert!(spread.min <= spread.median && spread.median <= spread.max);
        prop_assert!(spread.min <= spread.mean + 1e-6 && spread.mean <= spread.max + 1e-6);
        prop_assert!(numbers.contains(&spread.min) && numbers.contains(&spread.max));
    }
}
