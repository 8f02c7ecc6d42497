//! Data sets in their own layouts as what a run learns from.

use std::path::Path;

use image::{Rgb, RgbImage};
use tempfile::TempDir;
use vq_train::{Plan, RunDir, Trainer};

use crate::support::{StopAfter, tiny};

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

/// The source of a captioned folder for both sides.
fn source(folder: &Path, more: &str) -> String {
    let root = toml::Value::String(folder.display().to_string());
    let set =
        format!("{{ kind = \"captioned\", root = {root}, captions = {{ kind = \"sidecar\" }}, damaged = \"skip\" }}");
    format!("data.source={{ kind = \"dataset\", train = {set}, validation = {set}{more} }}")
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
