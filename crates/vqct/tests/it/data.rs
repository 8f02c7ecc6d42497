//! `vqct data`.

use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{TINY, error_of, vqct};

/// What a command prints that succeeds.
fn output_of(folder: &Path, arguments: &[&str]) -> String {
    let output = vqct(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Eight photos of 24x16 with captions, in two folders.
fn photos(folder: &Path) {
    for index in 0..8_u8 {
        let place = folder.join("photos").join(if index < 5 { "birds" } else { "cats" });
        std::fs::create_dir_all(&place).unwrap();
        let photo = RgbImage::from_fn(24, 16, |x, y| Rgb([index * 30, x as u8 * 10, y as u8 * 15]));
        photo.save(place.join(format!("{index}.png"))).unwrap();
        std::fs::write(place.join(format!("{index}.txt")), format!("photo number {index}\nanother word\n")).unwrap();
    }
}

#[test]
fn check_prints_the_content_of_a_folder() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    photos(folder);
    let text = output_of(folder, &["data", "check", "photos", "--sheet", "sheet.png"]);
    for part in [
        "photos (captioned)\n",
        "8 samples, 8 sound, 0 damaged",
        "width 24 to 24, median 24; height 16 to 16, median 16; aspect 1.50 to 1.50, median 1.50",
        "captions: 16, of 8 samples 0 without one; 2 to 2 a sample, mean 2.00",
        "words: 2 to 3, mean 2.5, median 2.5",
        "labels: none",
        "contact sheet: sheet.png",
    ] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    assert_eq!(image::image_dimensions(folder.join("sheet.png")).unwrap().0, 8 * 116);
    let again = error_of(folder, &["data", "check", "photos", "--sheet", "sheet.png"]);
    assert!(again.contains("sheet.png exists already"), "{again}");

    let classes = ["data", "check", "photos", "--kind", "folder", "--set", "classes=first_folder"];
    let text = output_of(folder, &classes);
    assert!(text.contains("labels: 2 classes: birds 5, cats 3") && text.contains("captions: none"), "{text}");
}

#[test]
fn check_names_damaged_samples_and_fails() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    photos(folder);
    let whole = std::fs::read(folder.join("photos/birds/1.png")).unwrap();
    std::fs::write(folder.join("photos/birds/1.png"), &whole[..50]).unwrap();
    std::fs::write(folder.join("photos/cats/7.png"), "").unwrap();
    for policy in ["damaged=fail", "damaged=skip"] {
        let arguments = ["data", "check", "photos", "--json", "--set", policy];
        let output = vqct(folder).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("expected sound samples, got 2 damaged ones of 8"), "{errors}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let survey = &report["survey"];
        assert_eq!(survey["sound"], 6);
        assert_eq!(survey["damaged"][0]["sample"], "photos/birds/1.png");
        assert!(survey["damaged"][1]["reason"].as_str().unwrap().contains("an empty file"), "{survey}");
        assert_eq!(survey["captions"]["total"], 12);
        assert_eq!(report["source"]["captions"]["kind"], "sidecar");
    }
    // A sheet is drawn all the same.
    let output = vqct(folder).args(["data", "check", "photos", "--sheet", "sheet.png"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("damaged: photos/cats/7.png: ") && folder.join("sheet.png").exists(), "{text}");
}

#[test]
fn shards_hold_the_packed_samples() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    photos(folder);
    let pack = ["data", "pack", "photos", "--out", "shards", "--size", "8", "--samples-per-shard", "3"];
    let text = output_of(folder, &pack);
    assert!(text.starts_with("photos (captioned): 8 samples in 3 shards in shards\n"), "{text}");
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder.join("shards/manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["source"]["kind"], "captioned");
    assert_eq!(manifest["shards"][2]["samples"], 2);
    let text = output_of(folder, &["data", "check", "shards"]);
    for part in ["shards (webdataset)", "8 samples, 8 sound", "width 8 to 8", "captions: 16", "3 of 3 shards match"] {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    // An experiment reads them.
    let shards = r#"{ kind = "webdataset", root = "shards" }"#;
    let source = format!(r#"{{ kind = "dataset", train = {shards}, validation = {shards} }}"#);
    std::fs::write(folder.join("shards.toml"), TINY.replace(r#"{ kind = "emoji" }"#, &source)).unwrap();
    let text = output_of(folder, &["data", "check", "--config", "shards.toml"]);
    assert!(text.contains("the training images of shards.toml") && text.contains("8 samples"), "{text}");

    assert!(error_of(folder, &pack).contains("pack into shards: expected a new folder"));
    let mut shard = std::fs::read(folder.join("shards/000001.tar")).unwrap();
    *shard.last_mut().unwrap() = 1;
    std::fs::write(folder.join("shards/000001.tar"), shard).unwrap();
    let error = error_of(folder, &["data", "check", "shards"]);
    assert!(error.contains("expected shards that match the manifest, got 1 that differ"), "{error}");
}

#[test]
fn pack_skips_damaged_samples_if_requested() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    photos(folder);
    std::fs::write(folder.join("photos/cats/7.png"), "").unwrap();
    let pack = ["data", "pack", "photos", "--out", "shards", "--size", "8"];
    let error = error_of(folder, &pack);
    assert!(error.contains("photos/cats/7.png") && error.contains("an empty file"), "{error}");
    assert!(!folder.join("shards").exists() && !folder.join("shards.partial").exists());
    let text = output_of(folder, &[&pack[..], &["--damaged", "skip", "--jpeg", "90"]].concat());
    assert!(text.contains("7 samples in 1 shards") && text.contains("left out: photos/cats/7.png"), "{text}");
}

#[test]
fn show_draws_samples_of_any_source() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    photos(folder);
    let size = |file: &str| image::image_dimensions(folder.join(file)).unwrap();
    let show = ["data", "show", "photos", "--out", "photos.png", "--size", "50", "--columns", "3"];
    assert_eq!(output_of(folder, &show), "8 of 8 samples of photos (captioned): photos.png\n");
    assert_eq!(size("photos.png").0, 3 * 62);
    assert!(error_of(folder, &show).contains("photos.png exists already"));

    let picture = |file: &str, arguments: &[&str]| {
        let rest = ["--out", file, "--count", "4", "--columns", "2", "--size", "64"];
        let text = output_of(folder, &[&["data", "show"], arguments, &rest[..]].concat());
        assert!(text.starts_with("4 of "), "{text}");
        assert_eq!(size(file).0, 2 * 76);
        std::fs::read(folder.join(file)).unwrap()
    };
    let scenes = picture("scenes.png", &["--kind", "scenes", "--set", "length=50"]);
    assert_eq!(picture("again.png", &["--kind", "scenes", "--set", "length=50"]), scenes);
    assert_ne!(picture("other.png", &["--kind", "scenes", "--set", "length=50", "--seed", "1"]), scenes);
    let emoji = picture("emoji.png", &["--kind", "emoji", "--set", "split=validation"]);
    std::fs::write(folder.join("tiny.toml"), TINY).unwrap();
    assert_eq!(picture("tiny.png", &["--config", "tiny.toml", "--part", "validation"]), emoji);
}

#[test]
fn mistakes_are_named() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    photos(folder);
    std::fs::create_dir(folder.join("empty")).unwrap();
    let check = |arguments: &[&str], part: &str| {
        let error = error_of(folder, &[&["data"], arguments].concat());
        assert!(error.contains(part), "{error}");
    };
    check(&["check", "absent"], "absent");
    check(&["check", "empty"], "none among 0 files");
    check(&["check", "photos", "--kind", "cub"], "images.txt");
    check(&["check", "photos", "--set", "colour=1"], "unknown field `colour`");
    check(&["check", "photos", "--set", "damaged=maybe"], "unknown variant `maybe`");
    check(&["check", "photos", "--kind", "emoji"], "--kind emoji: expected no folder");
    check(&["check", "--kind", "cub"], "--kind cub: expected a folder");
    check(&["check", "--kind", "scenes", "--set", "size=8"], "32 to 256 pixels, got 8");
    check(&["check", "--config", "absent.toml"], "absent.toml");
    check(&["pack", "photos", "--out", "shards", "--size", "0"], "size: expected 1 to 32768 pixels, got 0");
    check(&["pack", "photos", "--out", "s", "--size", "8", "--samples-per-shard", "0"], "at least 1 sample, got 0");
    check(&["pack", "photos", "--out", "photos", "--size", "8"], "pack into photos: expected a new folder");
    check(&["show", "photos", "--out", "x.png", "--count", "0"], "--count: expected at least 1");
    check(&["show", "photos", "--out", "x.png", "--columns", "0"], "columns: expected at least 1");
    check(&["show", "photos", "--out", "x.png", "--size", "0"], "expected 16 to 32768 pixels");
    std::fs::remove_file(folder.join("photos/cats/6.txt")).unwrap();
    check(&["check", "photos"], "photos/cats/6.txt");
}
