//! Data sets in their own layouts as what a run learns from.

use std::path::Path;

use image::{Rgb, RgbImage};
use tempfile::TempDir;
use vq_data::{DatasetConfig, HeldOut};
use vq_train::{Cache, Checkpoint, ExperimentFile, LimitConfig, Plan, RunDir, SourceConfig, Trainer, ValidationSet};

use crate::support::{StopAfter, TINY, tiny, write};

/// Images of 20x18 with a caption beside each; `1.png` is cut short.
fn captioned() -> TempDir {
    let folder = TempDir::new().unwrap();
    for number in 0..6_u8 {
        let picture = RgbImage::from_fn(20, 18, |x, y| Rgb([x as u8 * 12, y as u8 * 14, number * 25]));
        picture.save(folder.path().join(format!("{number}.png"))).unwrap();
        std::fs::write(folder.path().join(format!("{number}.txt")), "a small red apple\na red thing\n").unwrap();
    }
    let cut = folder.path().join("1.png");
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(cut, &bytes[..bytes.len() / 2]).unwrap();
    folder
}

/// A captioned folder as a data set.
fn set(folder: &Path) -> String {
    let root = toml::Value::String(folder.display().to_string());
    format!("{{ kind = \"captioned\", root = {root}, captions = {{ kind = \"sidecar\" }}, damaged = \"skip\" }}")
}

/// The source of a captioned folder for both sides.
fn source(folder: &Path, more: &str) -> String {
    let set = set(folder);
    format!("data.source={{ kind = \"dataset\", train = {set}, validation = {set}{more} }}")
}

/// The source of a captioned folder with a part held out, by these words of the table.
fn divided(folder: &Path, held_out: &str, more: &str) -> String {
    let set = set(folder);
    format!(
        "data.source={{ kind = \"dataset\", train = {set}, validation = {{ kind = \"held-out\"{held_out} }}{more} }}"
    )
}

#[test]
fn captions_beside_images_are_trained_on_and_damage_is_told() {
    let (data, runs) = (captioned(), TempDir::new().unwrap());
    let captions = "captions.translator={ width = 16, heads = 2, layers = 1, max_tokens = 8 }";
    let experiment = tiny(&[&source(data.path(), ", threads = 2"), captions, "train.steps=4"]);
    let plan = Plan::resolve(experiment).unwrap();
    assert_eq!(plan.image_counts(), [6, 6]);
    let mut trainer = Trainer::begin(plan, || RunDir::exact(&runs.path().join("run"))).unwrap();
    let outcome = trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    let validation = outcome.validation.unwrap();
    assert_eq!(validation.told[0].caption.as_deref(), Some("a small red apple"));
    let damaged = trainer.plan().damaged_images();
    assert!(damaged.iter().any(|file| file.path.ends_with("1.png")), "{damaged:?}");
}

#[test]
fn what_is_missing_is_named() {
    let error = Plan::resolve(tiny(&[&source(Path::new("no-such-folder"), "")])).err().unwrap().to_string();
    assert!(error.contains("no-such-folder"), "{error}");
    let error = Plan::resolve(tiny(&[&source(Path::new("."), ", threads = 0")])).err().unwrap().to_string();
    assert!(error.contains("`data.source.threads`: expected at least 1"), "{error}");
}

#[test]
fn a_share_of_a_data_set_can_be_held_out() {
    let (data, runs) = (captioned(), TempDir::new().unwrap());
    let plan = |more: &str| {
        let source = divided(data.path(), ", share = 0.5, seed = 4", more);
        Plan::resolve(tiny(&[&source, "train.steps=2"])).unwrap()
    };
    let [train, validation] = plan("").image_counts();
    assert_eq!(train + validation, 6);
    assert!(train >= 2 && validation >= 2, "{train} {validation}");
    assert_eq!(plan(", limit = { train = 2, validation = 1 }").image_counts(), [2, 1]);

    // The run knows it, and a table over another may take the other kind.
    let source = ", limit = { validation = 1, seed = 3 }, cache = \"memory\"";
    let mut trainer = Trainer::begin(plan(source), || RunDir::exact(&runs.path().join("run"))).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    let header = Checkpoint::open(&runs.path().join("run/checkpoint.safetensors")).unwrap().header().clone();
    let SourceConfig::Dataset(pair) = header.experiment.data.source else { panic!("another source") };
    assert_eq!(pair.validation, ValidationSet::HeldOut(HeldOut { share: 0.5, seed: 4 }));
    assert_eq!((pair.limit, pair.cache), (LimitConfig { train: None, validation: Some(1), seed: 3 }, Cache::Memory));
    let told = std::fs::read_to_string(runs.path().join("run/config.toml")).unwrap();
    let read = ExperimentFile { path: write(runs.path(), "again.toml", &told), overrides: Vec::new() }.load().unwrap();
    assert_eq!(read.data.source, SourceConfig::Dataset(pair));
    let other = format!("data.source.validation={}", set(data.path()));
    let both = tiny(&[&divided(data.path(), ", share = 0.5", ""), &other]);
    let SourceConfig::Dataset(pair) = &both.data.source else { panic!("another source") };
    assert!(matches!(pair.validation, ValidationSet::Dataset(DatasetConfig::Captioned(_))));
    assert_eq!(Plan::resolve(both).unwrap().image_counts(), [6, 6]);
}

/// Whole images, so that a kept one is what a decoded one becomes.
#[test]
fn a_cache_of_a_data_set_changes_nothing() {
    let (data, runs) = (captioned(), TempDir::new().unwrap());
    let run = |place: &str, more: &str| {
        let experiment = tiny(&[&source(data.path(), more), "train.steps=4"]);
        let place = runs.path().join(place);
        let mut trainer = Trainer::begin(Plan::resolve(experiment).unwrap(), || RunDir::exact(&place)).unwrap();
        trainer.run(&mut StopAfter(u64::MAX)).unwrap();
        let damaged = trainer.plan().damaged_images();
        assert!(damaged.iter().any(|file| file.path.ends_with("1.png")), "{damaged:?}");
        tch::Tensor::read_safetensors(place.join("checkpoint.safetensors")).unwrap()
    };
    let (plain, kept) = (run("plain", ""), run("kept", ", cache = \"memory\""));
    assert!(!plain.is_empty());
    for (name, ours) in &plain {
        let theirs = kept.iter().find(|(other, _)| other == name).unwrap();
        assert!(ours.equal(&theirs.1), "{name} differs");
    }
}

#[test]
fn senseless_parts_name_the_key() {
    let data = captioned();
    let refused = |held_out: &str, more: &str| {
        let source = divided(data.path(), held_out, more);
        let folder = TempDir::new().unwrap();
        let path = write(folder.path(), "tiny.toml", TINY);
        let loaded = ExperimentFile { path, overrides: vec![source] }.load();
        let error = loaded.and_then(Plan::resolve).err().unwrap();
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error} {}", cause.unwrap_or_default())
    };
    let check = |held_out: &str, more: &str, says: &str| {
        let told = refused(held_out, more);
        assert!(told.contains(says), "{says} is missing in: {told}");
    };
    check(", share = 1.0", "", "`data.source.validation.share`: expected a number above 0 and below 1, got 1");
    check(", share = 1e-9", "", "images on both sides of a share of 0.000000001, got 0 held out of 6");
    check("", "", "missing field `share`");
    check(", share = 0.5, root = \"x\"", "", "unknown field `root`");
    check(", share = 0.5", ", limit = { train = 0 }", "`data.source.limit.train`: expected at least 1, got 0");
    check(", share = 0.5", ", limit = { train = 7 }", "limit the images: expected a limit of 1 to");
    check(", share = 0.5", ", limit = { test = 7 }", "unknown field `test`");
    check(", share = 0.5", ", cache = \"disk\"", "unknown variant `disk`");
}

/// CIFAR-10 as it is often handed on: `train/CLASS/0000.jpg` and `test/CLASS/0000.jpg`.
fn classes() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (number, path) in
        (0_u8..).zip(["train/airplane/0000", "train/airplane/0001", "train/frog/0000", "test/sea_lion/0000"])
    {
        let picture = RgbImage::from_fn(32, 32, |x, y| Rgb([x as u8 * 8, y as u8 * 8, number * 40]));
        let path = folder.path().join(format!("{path}.jpg"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture.save(path).unwrap();
    }
    folder
}

/// The experiment as a file would have it.
#[test]
fn classes_of_folders_become_captions() {
    let (data, runs) = (classes(), TempDir::new().unwrap());
    let path = |part: &str| toml::Value::String(data.path().join(part).display().to_string());
    let load = |caption: &str| {
        let source = format!(
            "[data]\nsource = {{ kind = \"folder\", train = {}, validation = {{ kind = \"folder\", path = {} }}, {caption} }}",
            path("train"),
            path("test")
        );
        let file = write(
            runs.path(),
            "cifar.toml",
            &TINY.replace("[data]\n", &format!("{source}\n")).replace("source = { kind = \"emoji\" }\n", ""),
        );
        let captions = "captions.translator={ width = 16, heads = 2, layers = 1, max_tokens = 8 }".to_owned();
        ExperimentFile { path: file, overrides: vec![captions, "train.steps=2".into()] }.load()
    };
    let plan = Plan::resolve(load("caption = \"a photo of a {class}\"").unwrap()).unwrap();
    assert_eq!(plan.image_counts(), [3, 1]);
    let mut trainer = Trainer::begin(plan, || RunDir::exact(&runs.path().join("run"))).unwrap();
    let outcome = trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    assert_eq!(outcome.validation.unwrap().told[0].caption.as_deref(), Some("a photo of a sea lion"));

    let error = load("caption = \"a photo\"").unwrap_err();
    let told = format!("{error} {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default());
    assert!(told.contains("expected `{class}` in it, and no other braces, got \"a photo\""), "{told}");
    assert!(told.contains("data.source"), "{told}");
}
