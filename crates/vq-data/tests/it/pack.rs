use std::collections::BTreeMap;
use std::path::Path;

use image::{Rgba, RgbaImage};
use serde_json::json;
use tempfile::TempDir;
use vq_data::{
    Damaged, DataError, DatasetLayout, ImageFolder, ImageFolderConfig, ImageSource, InMemory, LabelMap, LabelSides,
    LabelledBox, PackConfig, PackEncoding, PackManifest, Packing, Sample, Segmentation, WebConfig, WebShards, pack,
};

use crate::datasets::{Tree, picture};
use crate::support::{Numbered, check_error};

/// Samples that together use every field.
struct Rich {
    len: usize,
}

impl ImageSource for Rich {
    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let (width, height) = (20 + index as u32 % 7, 16 + index as u32 % 3);
        let alpha = if index.is_multiple_of(2) { 255 } else { 90 };
        let level = |x: u32, y: u32| (index as u32 * 31 + x * 7 + y * 13) as u8;
        let words = ["a cat", "zwei H\u{fc}te", "\u{1f408} \u{732b}"];
        let map =
            LabelMap::from_fn(width, height, |x, y| image::Luma([(x + y) as u16 * if index == 3 { 50 } else { 1 }]));
        let sides = vec![LabelSides { left: 4, right: 5 }, LabelSides { left: 6, right: 7 }];
        let area = LabelledBox { label: "beak".to_owned(), left: 2.5, top: 1.0, width: 10.1, height: 5.0 };
        Ok(Sample {
            id: format!("folder/{index}.png"),
            image: RgbaImage::from_fn(width, height, |x, y| Rgba([level(x, y), level(y, x), 7, alpha])),
            caption: (index != 1).then(|| words[index % 3].to_owned()),
            more_captions: if index == 0 { vec!["another".to_owned(), "a third".to_owned()] } else { Vec::new() },
            labels: ["animal".to_owned(), format!("class {}", index % 4)][..index % 3].to_vec(),
            segmentation: (index % 4 != 1).then(|| Segmentation { map, sides: sides.into() }),
            boxes: if index == 2 { vec![area] } else { Vec::new() },
        })
    }
}

fn config(size: u32, samples_per_shard: usize) -> PackConfig {
    PackConfig { size, samples_per_shard, encoding: PackEncoding::Png, damaged: Damaged::Fail }
}

fn packed(source: &dyn ImageSource, config: &PackConfig, out: &Path) -> Result<PackManifest, DataError> {
    pack(Packing { source, source_config: &json!({ "kind": "test" }), config, out }, &|| {})
}

fn open(folder: &Path) -> WebShards {
    WebConfig { root: folder.to_owned(), damaged: Damaged::Fail }.open().unwrap()
}

/// The files of a folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_packed_is_read_back() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("deep/shards");
    let source = Rich { len: 11 };
    let manifest = packed(&source, &config(12, 4), &out).unwrap();
    assert_eq!(names(&out), ["000000.tar", "000001.tar", "000002.tar", "manifest.json"]);
    assert_eq!(names(&folder.path().join("deep")), ["shards"]);
    assert_eq!(manifest.shards.iter().map(|shard| shard.samples).collect::<Vec<_>>(), [4, 4, 3]);
    assert_eq!((manifest.samples, manifest.captions, manifest.captioned, manifest.labelled), (11, 12, 10, 7));
    assert_eq!((manifest.segmented, manifest.boxed, manifest.enlarged), (8, 1, 0));

    let (read, expected) = (open(&out), InMemory::load(&source, 12).unwrap());
    assert_eq!(read.len(), expected.len());
    for (index, expected) in expected.samples().iter().enumerate() {
        let sample = read.get(index).unwrap();
        assert_eq!(sample.id, format!("{:06}.tar/{index:08}", index / 4));
        assert_eq!(Sample { id: expected.id.clone(), ..sample }, *expected, "{}", expected.id);
    }
    assert_eq!(PackManifest::find(&out).unwrap().as_ref(), Some(&manifest));
}

#[test]
fn the_same_samples_make_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let source = Rich { len: 300 };
    packed(&source, &config(8, 70), &one).unwrap();
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    alone.install(|| packed(&source, &config(8, 70), &other)).unwrap();
    let (one, other) = (contents(&one), contents(&other));
    assert_eq!(one.len(), 6);
    assert!(one == other, "the bytes differ");
    // Owner, group and time of the first file.
    let first = &one["000000.tar"];
    assert_eq!(&first[108..124], b"0000000\x000000000\0");
    assert_eq!(&first[136..148], b"00000000000\0");
    assert_eq!(&first[257..263], b"ustar\0");
}

#[test]
fn jpegs_are_similar_and_have_no_alpha() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("shards");
    let source = Rich { len: 2 };
    let encoding = PackEncoding::Jpeg { quality: 95, background: [0, 0, 255] };
    packed(&source, &PackConfig { encoding, ..config(16, 9) }, &out).unwrap();
    let (read, expected) = (open(&out), InMemory::load(&source, 16).unwrap());
    for index in 0..2 {
        let (sample, expected) = (read.get(index).unwrap(), &expected.samples()[index]);
        assert_eq!(sample.caption, expected.caption);
        let pixels = sample.image.pixels().zip(expected.image.pixels());
        let error: f64 = pixels
            .map(|(pixel, from)| {
                let alpha = f64::from(from.0[3]) / 255.0;
                let level = f64::from(from.0[2]) * alpha + 255.0 * (1.0 - alpha);
                assert_eq!(pixel.0[3], 255);
                (f64::from(pixel.0[2]) - level).abs()
            })
            .sum();
        assert!(error / 256.0 < 12.0, "{error}");
    }
}

#[test]
fn line_breaks_become_spaces_and_blank_captions_are_left_out() {
    struct Odd;
    impl ImageSource for Odd {
        fn len(&self) -> usize {
            1
        }

        fn get(&self, _: usize) -> Result<Sample, DataError> {
            let more_captions = vec![" \n".to_owned(), "  two\r\n\nlines ".to_owned()];
            let labels = vec!["a\nb".to_owned()];
            Ok(Sample { caption: Some(String::new()), more_captions, labels, ..Numbered::new(1).get(0)? })
        }
    }
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("shards");
    let manifest = packed(&Odd, &config(8, 1), &out).unwrap();
    assert_eq!((manifest.captions, manifest.captioned), (1, 1));
    let sample = open(&out).get(0).unwrap();
    assert_eq!(sample.caption.as_deref(), Some("two lines"));
    assert_eq!((sample.more_captions.len(), &sample.labels[..]), (0, &["a b".to_owned()][..]));
}

/// Five images, of which the second and the last are damaged.
fn damaged_folder() -> Tree {
    let tree = Tree::new();
    tree.put("0.png", picture(0)).put("1.png", "").put("2.png", picture(2)).put("3.png", picture(3)).put("4.png", "x");
    tree
}

#[test]
fn damage_is_an_error_that_removes_the_folder() {
    let tree = damaged_folder();
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("shards");
    for damaged in [Damaged::Fail, Damaged::Skip] {
        let source = ImageFolder::open(tree.root(), ImageFolderConfig { damaged, ..Default::default() }).unwrap();
        // The source's own policy does not matter.
        let error = packed(&source, &config(4, 2), &out).unwrap_err();
        check_error(&error, &["1.png", "an empty file"]);
        assert_eq!(names(folder.path()), [""; 0], "{damaged:?}");
    }
}

#[test]
fn damage_can_be_left_out_and_is_recorded() {
    let tree = damaged_folder();
    let folder = TempDir::new().unwrap();
    for (name, damaged) in [("failing", Damaged::Fail), ("skipping", Damaged::Skip)] {
        let source = ImageFolder::open(tree.root(), ImageFolderConfig { damaged, ..Default::default() }).unwrap();
        let out = folder.path().join(name);
        let manifest = packed(&source, &PackConfig { damaged: Damaged::Skip, ..config(4, 2) }, &out).unwrap();
        let left_out: Vec<_> = manifest.damaged.iter().map(|fault| fault.sample.rsplit('/').next().unwrap()).collect();
        assert_eq!(left_out, ["1.png", "4.png"], "{name}");
        assert_eq!((manifest.samples, manifest.shards.len()), (3, 2));
        let read = open(&out);
        let reds: Vec<u8> = (0..3).map(|index| read.get(index).unwrap().image.get_pixel(0, 0).0[0]).collect();
        assert_eq!(reds, [0, 2, 3]);
    }
    assert_eq!(contents(&folder.path().join("failing")), contents(&folder.path().join("skipping")));
    let hopeless = Tree::new();
    hopeless.put("0.png", "");
    let source = ImageFolder::open(hopeless.root(), ImageFolderConfig::default()).unwrap();
    let skip = PackConfig { damaged: Damaged::Skip, ..config(4, 2) };
    let error = packed(&source, &skip, &folder.path().join("none")).unwrap_err();
    check_error(&error, &["at least one sound sample, got none of 1 samples"]);
}

/// A missing file is not damage: it may be readable at another time.
#[test]
fn a_missing_file_is_never_left_out() {
    let tree = damaged_folder();
    let source = ImageFolder::open(tree.root(), ImageFolderConfig::default()).unwrap();
    tree.remove("3.png");
    let folder = TempDir::new().unwrap();
    let skip = PackConfig { damaged: Damaged::Skip, ..config(4, 2) };
    check_error(&packed(&source, &skip, &folder.path().join("shards")).unwrap_err(), &["3.png", "read image"]);
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn an_existing_folder_is_not_changed() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("shards");
    std::fs::create_dir(&out).unwrap();
    check_error(&packed(&Numbered::new(3), &config(4, 2), &out).unwrap_err(), &["shards: expected a new folder"]);
    assert_eq!(names(&out), [""; 0]);
    // A folder of a killed run.
    let out = folder.path().join("other");
    std::fs::create_dir(folder.path().join("other.partial")).unwrap();
    std::fs::write(folder.path().join("other.partial/000000.tar"), "half").unwrap();
    let error = packed(&Numbered::new(3), &config(4, 2), &out).unwrap_err();
    check_error(&error, &["no unfinished shards", "other.partial, of a run that was killed"]);
    assert!(!out.exists() && folder.path().join("other.partial/000000.tar").exists());
}

#[test]
fn invalid_options_are_refused_before_a_folder_is_made() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("shards");
    let refused = |config: PackConfig, part: &str| {
        check_error(&packed(&Numbered::new(3), &config, &out).unwrap_err(), &[part]);
        assert_eq!(names(folder.path()), [""; 0]);
    };
    refused(config(0, 2), "size: expected 1 to 32768 pixels, got 0");
    refused(config(4, 0), "samples_per_shard: expected at least 1 sample, got 0");
    for quality in [0, 101] {
        let encoding = PackEncoding::Jpeg { quality, background: [0; 3] };
        refused(PackConfig { encoding, ..config(4, 2) }, "encoding.quality: expected 1 to 100");
    }
    let error = packed(&Numbered::new(2_000_000), &config(4, 1), &out).unwrap_err();
    check_error(&error, &["at most 1000000 shards, got 2000000 samples, 1 a shard"]);
    let error = packed(&Numbered::new(3), &config(4, 1), Path::new("..")).unwrap_err();
    check_error(&error, &["the name of a new folder"]);
}

#[test]
fn a_manifest_verifies_its_shards() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("shards");
    let manifest = packed(&Rich { len: 9 }, &config(4, 2), &out).unwrap();
    assert_eq!(manifest.verify(&out), []);
    let path = |shard: usize| out.join(format!("{shard:06}.tar"));
    let mut bytes = std::fs::read(path(1)).unwrap();
    bytes[700] ^= 1;
    std::fs::write(path(1), &bytes).unwrap();
    std::fs::write(path(2), &bytes[..512]).unwrap();
    std::fs::remove_file(path(4)).unwrap();
    let changed = manifest.verify(&out);
    let expected = [("000001.tar", "expected SHA-256"), ("000002.tar", "got 512"), ("000004.tar", "No such file")];
    assert_eq!(changed.len(), expected.len());
    for (fault, (name, reason)) in changed.iter().zip(expected) {
        assert!(fault.sample.ends_with(name) && fault.reason.contains(reason), "{fault:?}");
    }

    let foreign = |text: &str| {
        std::fs::write(out.join("manifest.json"), text).unwrap();
        PackManifest::find(&out)
    };
    assert_eq!(foreign("[1, 2]").unwrap(), None);
    assert_eq!(foreign("no json").unwrap(), None);
    check_error(&foreign(r#"{"format": "vqct shards 1"}"#).unwrap_err(), &["manifest.json", "missing field"]);
    std::fs::remove_file(out.join("manifest.json")).unwrap();
    assert_eq!(PackManifest::find(&out).unwrap(), None);
}
