//! Training on data sets in their published layouts.

use std::path::Path;

use image::{Rgb, RgbImage};
use tempfile::TempDir;
use vq_data::{DatasetConfig, HeldOut};
use vq_experiment::{Cache, ExperimentFile, LimitConfig, SourceConfig, ValidationSet};
use vq_pipeline::Checkpoint;
use vq_run::RunDir;
use vq_train::{TokenizerPlan, TokenizerRun};

use crate::support::{StopAfter, TINY, assert_equal, tensors, tiny, write};

/// Images of 20x18 with two captions beside each; `1.png` is truncated.
fn captioned() -> TempDir {
    let folder = TempDir::new().unwrap();
    for number in 0..6_u8 {
        let picture = RgbImage::from_fn(20, 18, |x, y| Rgb([x as u8 * 12, y as u8 * 14, number * 25]));
        picture.save(folder.path().join(format!("{number}.png"))).unwrap();
        std::fs::write(folder.path().join(format!("{number}.txt")), "a small red apple\na red thing\n").unwrap();
    }
    let truncated = folder.path().join("1.png");
    let bytes = std::fs::read(&truncated).unwrap();
    std::fs::write(truncated, &bytes[..bytes.len() / 2]).unwrap();
    folder
}

/// The table of a captioned folder as a data set.
fn dataset(folder: &Path) -> String {
    let root = toml::Value::String(folder.display().to_string());
    format!("{{ kind = \"captioned\", root = {root}, captions = {{ kind = \"sidecar\" }}, damaged = \"skip\" }}")
}

/// The override that trains and validates on a captioned folder.
fn source(folder: &Path, more: &str) -> String {
    let set = dataset(folder);
    format!("data.source={{ kind = \"dataset\", train = {set}, validation = {set}{more} }}")
}

/// The override that trains on a captioned folder, with a part held out by these keys of the table.
fn with_held_out(folder: &Path, held_out: &str, more: &str) -> String {
    let set = dataset(folder);
    format!(
        "data.source={{ kind = \"dataset\", train = {set}, validation = {{ kind = \"held-out\"{held_out} }}{more} }}"
    )
}

#[test]
fn captions_beside_images_are_trained_on_and_damaged_files_are_listed() {
    let (data, runs) = (captioned(), TempDir::new().unwrap());
    let captions = "captions.translator={ width = 16, heads = 2, layers = 1, max_tokens = 8 }";
    let experiment = tiny(&[&source(data.path(), ", threads = 2"), captions, "train.steps=4"]);
    let plan = TokenizerPlan::new(experiment).unwrap();
    assert_eq!(plan.image_counts(), [6, 6]);
    let mut run = TokenizerRun::begin(plan, || RunDir::exact(&runs.path().join("run"))).unwrap();
    let outcome = run.train(&mut StopAfter(u64::MAX)).unwrap();
    let validation = outcome.validation.unwrap();
    assert_eq!(validation.generated[0].caption.as_deref(), Some("a small red apple"));
    let damaged = run.task().plan.damaged_images();
    assert!(damaged.iter().any(|file| file.path.ends_with("1.png")), "{damaged:?}");
}

#[test]
fn missing_folder_and_zero_threads_are_named() {
    let error = TokenizerPlan::new(tiny(&[&source(Path::new("no-such-folder"), "")])).err().unwrap().to_string();
    assert!(error.contains("no-such-folder"), "{error}");
    let error = TokenizerPlan::new(tiny(&[&source(Path::new("."), ", threads = 0")])).err().unwrap().to_string();
    assert!(error.contains("`data.source.threads`: expected at least 1"), "{error}");
}

#[test]
fn share_of_a_data_set_is_held_out() {
    let (data, runs) = (captioned(), TempDir::new().unwrap());
    let plan = |more: &str| {
        let source = with_held_out(data.path(), ", share = 0.5, seed = 4", more);
        TokenizerPlan::new(tiny(&[&source, "train.steps=2"])).unwrap()
    };
    let [train, validation] = plan("").image_counts();
    assert_eq!(train + validation, 6);
    assert!(train >= 2 && validation >= 2, "{train} {validation}");
    assert_eq!(plan(", limit = { train = 2, validation = 1 }").image_counts(), [2, 1]);

    // The run folder records the share.
    let source = ", limit = { validation = 1, seed = 3 }, cache = \"memory\"";
    let mut run = TokenizerRun::begin(plan(source), || RunDir::exact(&runs.path().join("run"))).unwrap();
    run.train(&mut StopAfter(u64::MAX)).unwrap();
    let header = Checkpoint::open(&runs.path().join("run/checkpoint.safetensors")).unwrap().header().clone();
    let SourceConfig::Dataset(pair) = header.experiment.data.source else { panic!("another source") };
    assert_eq!(pair.validation, ValidationSet::HeldOut(HeldOut { share: 0.5, seed: 4 }));
    assert_eq!((pair.limit, pair.cache), (LimitConfig { train: None, validation: Some(1), seed: 3 }, Cache::Memory));
    let config = std::fs::read_to_string(runs.path().join("run/config.toml")).unwrap();
    let file = ExperimentFile { path: write(runs.path(), "again.toml", &config), overrides: Vec::new() };
    assert_eq!(file.load().unwrap().experiment.data.source, SourceConfig::Dataset(pair));

    // A table of the other kind replaces the one below it.
    let other = format!("data.source.validation={}", dataset(data.path()));
    let both = tiny(&[&with_held_out(data.path(), ", share = 0.5", ""), &other]);
    let SourceConfig::Dataset(pair) = &both.data.source else { panic!("another source") };
    assert!(matches!(pair.validation, ValidationSet::Dataset(DatasetConfig::Captioned(_))));
    assert_eq!(TokenizerPlan::new(both).unwrap().image_counts(), [6, 6]);
}

/// The transform takes the whole image, so that a cached image equals a decoded one.
#[test]
fn cache_of_a_data_set_does_not_change_the_run() {
    let (data, runs) = (captioned(), TempDir::new().unwrap());
    let train = |name: &str, more: &str| {
        let experiment = tiny(&[&source(data.path(), more), "train.steps=4"]);
        let folder = runs.path().join(name);
        let mut run = TokenizerRun::begin(TokenizerPlan::new(experiment).unwrap(), || RunDir::exact(&folder)).unwrap();
        run.train(&mut StopAfter(u64::MAX)).unwrap();
        let damaged = run.task().plan.damaged_images();
        assert!(damaged.iter().any(|file| file.path.ends_with("1.png")), "{damaged:?}");
        folder.join("checkpoint.safetensors")
    };
    let plain = train("plain", "");
    assert!(!tensors(&plain).is_empty());
    assert_equal(&train("cached", ", cache = \"memory\""), &plain);
}

#[test]
fn error_names_key_of_a_bad_held_out_share_limit_or_cache() {
    let data = captioned();
    let refused = |held_out: &str, more: &str| {
        let source = with_held_out(data.path(), held_out, more);
        let folder = TempDir::new().unwrap();
        let path = write(folder.path(), "tiny.toml", TINY);
        let error: Box<dyn std::error::Error> = match (ExperimentFile { path, overrides: vec![source] }.load()) {
            Ok(loaded) => TokenizerPlan::new(loaded.experiment).err().unwrap().into(),
            Err(error) => error.into(),
        };
        format!("{error} {}", error.source().map(ToString::to_string).unwrap_or_default())
    };
    let check = |held_out: &str, more: &str, part: &str| {
        let message = refused(held_out, more);
        assert!(message.contains(part), "{part} is missing in: {message}");
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

/// CIFAR-10 in a common layout: `train/CLASS/0000.jpg` and `test/CLASS/0000.jpg`.
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

#[test]
fn class_folders_become_captions() {
    let (data, runs) = (classes(), TempDir::new().unwrap());
    let path = |part: &str| toml::Value::String(data.path().join(part).display().to_string());
    // As keys of a file, not as overrides.
    let load = |caption: &str| {
        let validation = format!("{{ kind = \"folder\", path = {} }}", path("test"));
        let train = path("train");
        let source = format!("source = {{ kind = \"folder\", train = {train}, validation = {validation}, {caption} }}");
        let file = write(runs.path(), "cifar.toml", &TINY.replace("source = { kind = \"emoji\" }", &source));
        let captions = "captions.translator={ width = 16, heads = 2, layers = 1, max_tokens = 8 }".to_owned();
        ExperimentFile { path: file, overrides: vec![captions, "train.steps=2".into()] }.load()
    };
    let plan = TokenizerPlan::new(load("caption = \"a photo of a {class}\"").unwrap().experiment).unwrap();
    assert_eq!(plan.image_counts(), [3, 1]);
    let mut run = TokenizerRun::begin(plan, || RunDir::exact(&runs.path().join("run"))).unwrap();
    let outcome = run.train(&mut StopAfter(u64::MAX)).unwrap();
    assert_eq!(outcome.validation.unwrap().generated[0].caption.as_deref(), Some("a photo of a sea lion"));

    let error = load("caption = \"a photo\"").unwrap_err();
    let message = format!("{error} {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default());
    assert!(message.contains("expected `{class}` in it, and no other braces, got \"a photo\""), "{message}");
    assert!(message.contains("data.source"), "{message}");
}
