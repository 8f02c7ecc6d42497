use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read, Write};

use sha2::{Digest, Sha256};
use vq_data::{DataError, Emoji, EmojiSet, ImageSource, InMemory, Sample, Split, caption_of, family_of, load_square};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::support::check_error;

const ASSET: &[u8] = include_bytes!("../../assets/emoji.zip");

#[test]
fn the_asset_is_small_and_complete() {
    assert!(ASSET.len() < 6_000_000, "{}", ASSET.len());
    let set = EmojiSet::embedded().unwrap();
    assert_eq!(set.entries().len(), 1870);
    let files: HashSet<&str> = set.entries().iter().map(|e| e.image.as_str()).collect();
    assert_eq!(files.len(), set.provenance().images);
    let groups: HashSet<&str> = set.entries().iter().map(|e| e.group.as_str()).collect();
    assert_eq!(groups.len(), 9);
    assert_eq!(set.provenance().emoji_version, "15.0");
    assert!(set.provenance().sources.iter().all(|s| s.package != "unknown"));
}

#[test]
fn the_asset_carries_its_licences() {
    let mut zip = ZipArchive::new(Cursor::new(ASSET)).unwrap();
    for (file, part) in [
        ("licenses/OFL-1.1.txt", "SIL OPEN FONT LICENSE Version 1.1"),
        ("licenses/Apache-2.0.txt", "Apache License"),
        ("licenses/Unicode.txt", "UNICODE, INC. LICENSE AGREEMENT"),
        ("licenses/README.md", "Noto Color Emoji"),
    ] {
        let mut text = String::new();
        zip.by_name(file).unwrap().read_to_string(&mut text).unwrap();
        assert!(text.contains(part), "{file}");
    }
}

#[test]
fn every_bitmap_is_whole_and_not_blank() {
    let set = EmojiSet::embedded().unwrap();
    // Decodes every one.
    let memory = InMemory::load(&set, 136).unwrap();
    assert_eq!(memory.len(), set.entries().len());
    for (index, sample) in memory.samples().iter().enumerate() {
        let png = set.png(index).unwrap();
        assert_eq!(&png[16..24], [0, 0, 0, 136, 0, 0, 0, 128], "{}", sample.id);
        let visible = sample.image.pixels().filter(|p| p.0[3] > 0).count();
        assert!(visible > 500, "{} shows {visible} pixels", sample.id);
        // Padding: four rows above and below.
        for y in [0, 3, 132, 135] {
            assert!((0..136).all(|x| sample.image.get_pixel(x, y).0[3] == 0));
        }
        assert_eq!(sample.labels.len(), 2);
    }
    assert!(set.png(set.entries().len()).is_none());
}

#[test]
fn entries_are_functions_of_their_names() {
    let set = EmojiSet::embedded().unwrap();
    let mut first = HashMap::new();
    for emoji in set.entries() {
        assert_eq!(emoji.caption, caption_of(&emoji.name));
        assert!(!emoji.caption.is_empty());
        assert!(!emoji.name.contains("skin tone"));
        // Emoji that share a picture share the first one's family.
        let family = first.entry(&emoji.image).or_insert_with(|| family_of(&emoji.name));
        assert_eq!(&emoji.family, family, "{}", emoji.name);
    }
}

#[test]
fn mean_colours_match_the_names() {
    let set = EmojiSet::embedded().unwrap();
    // Mean colour of the visible pixels.
    let mean = |name: &str| {
        let index = set.entries().iter().position(|e| e.name == name).unwrap();
        let image = set.get(index).unwrap().image;
        let visible: Vec<_> = image.pixels().filter(|p| p.0[3] == 255).collect();
        [0, 1, 2].map(|channel| visible.iter().map(|p| u32::from(p.0[channel])).sum::<u32>() / visible.len() as u32)
    };
    let [red, green, blue] = mean("red apple");
    assert!(red > 2 * green && red > 2 * blue);
    let [red, green, blue] = mean("grinning face");
    assert!(red > 180 && green > 140 && blue < 120);
    let [red, green, blue] = mean("blue heart");
    assert!(blue > red && blue > green);
    let [red, green, blue] = mean("flag: China");
    assert!(red > 3 * green && red > 3 * blue);
}

/// A change here means that old runs cannot be resumed.
#[test]
fn the_listing_is_pinned() {
    let set = EmojiSet::embedded().unwrap();
    let line = |source: &dyn ImageSource, index| {
        let Sample { id, caption, labels, .. } = source.get(index).unwrap();
        format!("{id} | {} | {}", caption.unwrap(), labels.join(" > "))
    };
    let [train, validation] = [Split::Train, Split::Validation].map(|split| set.split(split));
    assert_eq!([train.len(), validation.len()], [1695, 175]);
    let some = [line(&set, 0), line(&set, 1000), line(&set, 1869), line(&train, 0), line(&validation, 0)];
    assert_eq!(some, SOME);
    let all: Vec<String> = (0..set.len()).map(|index| line(&set, index)).collect();
    let digest = Sha256::digest(all.join("\n"));
    assert_eq!(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), ALL);
}

const SOME: [&str; 5] = [
    "images/1f600.png (grinning face) | grinning face | Smileys & Emotion > face-smiling",
    "images/1f31e.png (sun with face) | sun with face | Travel & Places > sky & weather",
    "images/1f3f4-e0067-e0062-e0077-e006c-e0073-e007f.png (flag: Wales) | flag of wales | Flags > subdivision-flag",
    "images/1f600.png (grinning face) | grinning face | Smileys & Emotion > face-smiling",
    "images/1f917.png (smiling face with open hands) | smiling face with open hands | Smileys & Emotion > face-hand",
];

/// Computed with Python's hashlib from the lines of the archive's `index.jsonl`.
const ALL: &str = "e966cb26c340c8e678d9629b8da7420e86e864cb409aeeeabdc00ad9abca9e05";

#[test]
fn no_family_and_no_picture_is_on_both_sides() {
    let set = EmojiSet::embedded().unwrap();
    let mut side = HashMap::new();
    let mut picture = HashMap::new();
    let mut total = 0;
    for split in [Split::Train, Split::Validation] {
        let source = set.split(split);
        assert_eq!(source.len(), source.members().len());
        total += source.len();
        for &member in source.members() {
            let Emoji { family, .. } = &set.entries()[member];
            assert_eq!(*side.entry(family.clone()).or_insert(split), split);
            let png = set.png(member).unwrap();
            assert_eq!(*picture.entry(png).or_insert(split), split);
        }
    }
    assert_eq!(total, set.entries().len());
    let validation = side.values().filter(|&&s| s == Split::Validation).count();
    let part = validation as f64 / side.len() as f64;
    assert!((0.07..0.10).contains(&part), "{part}");
}

#[test]
fn indices_out_of_range_are_errors() {
    let set = EmojiSet::embedded().unwrap();
    check_error(&set.get(9999).unwrap_err(), &["below 1870, got 9999"]);
    let validation = set.split(Split::Validation);
    assert!(validation.get(validation.len()).is_err());
}

/// Opens these bytes as an archive.
fn open(bytes: &[u8]) -> Result<EmojiSet, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some-emoji.zip");
    std::fs::write(&path, bytes).unwrap();
    EmojiSet::open(&path)
}

/// The asset cut to its first image, with one entry replaced.
fn altered(entry: &str, data: Option<&[u8]>, method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipArchive::new(Cursor::new(ASSET)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["provenance.json", "index.jsonl", "images/1f600.png"] {
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        if name == "provenance.json" {
            let text = String::from_utf8(bytes).unwrap();
            bytes = text.replace("\"emoji\": 1870", "\"emoji\": 1").into_bytes();
        }
        if name == "index.jsonl" {
            let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
            bytes.truncate(end + 1);
        }
        let mut options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        if name == entry {
            options = options.compression_method(method);
            match data {
                Some(data) => bytes = data.to_vec(),
                None => continue,
            }
        }
        writer.start_file(name, options).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn an_archive_in_a_file_is_read() {
    let set = open(ASSET).unwrap();
    assert_eq!(set.entries(), EmojiSet::embedded().unwrap().entries());
    let small = open(&altered("", None, CompressionMethod::Stored)).unwrap();
    assert_eq!(small.entries()[0].name, "grinning face");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.png");
    std::fs::write(&path, small.png(0).unwrap()).unwrap();
    assert_eq!(load_square(&path, 32).unwrap().dimensions(), (32, 32));
}

#[test]
fn damaged_archives_are_refused() {
    check_error(&EmojiSet::open("no/such.zip").err().unwrap(), &["no/such.zip"]);
    check_error(&open(b"").err().unwrap(), &["some-emoji.zip", "sound zip"]);
    check_error(&open(b"PK nonsense").err().unwrap(), &["some-emoji.zip"]);
    check_error(&open(&ASSET[..ASSET.len() / 2]).err().unwrap(), &["some-emoji.zip"]);
    // One bit of one picture, in the middle of the archive.
    let mut flipped = ASSET.to_vec();
    flipped[ASSET.len() / 2] ^= 1;
    check_error(&open(&flipped).err().unwrap(), &["images/", ".png of "]);
}

#[test]
fn wrong_entries_are_refused() {
    #[track_caller]
    fn check(entry: &str, data: Option<&[u8]>, parts: &[&str]) {
        let bytes = altered(entry, data, CompressionMethod::Stored);
        check_error(&open(&bytes).err().unwrap(), parts);
    }
    check("index.jsonl", None, &["expected an entry index.jsonl"]);
    check("index.jsonl", Some(b""), &["index.jsonl", "1 emoji", "got 0"]);
    check("index.jsonl", Some(b"\n{\"text\": 1}\n"), &["line 2 of index.jsonl", "invalid type"]);
    check("provenance.json", Some(b"{}"), &["provenance.json", "missing field"]);
    check("images/1f600.png", None, &["expected an entry images/1f600.png"]);
    check("images/1f600.png", Some(b"jpg?"), &["images/1f600.png", "a png image"]);
    let mut small = b"\x89PNG\r\n\x1a\n........".to_vec();
    small.extend([0, 0, 0, 64, 0, 0, 0, 32]);
    check("images/1f600.png", Some(&small), &["expected 136x128 pixels, got 64x32"]);
}
