//! Training on folders of images.

use std::path::Path;

use image::{Rgb, RgbImage};
use tempfile::TempDir;
use vq_data::HeldOut;
use vq_train::{Cache, Checkpoint, Plan, RunDir, SourceConfig, TrainError, Trainer, ValidationImages};

use crate::support::{StopAfter, tiny};

/// Ten pictures of 20x18.
fn pictures() -> TempDir {
    let folder = TempDir::new().unwrap();
    for number in 0..10_u8 {
        let picture = RgbImage::from_fn(20, 18, |x, y| Rgb([x as u8 * 12, y as u8 * 14, number * 25]));
        picture.save(folder.path().join(format!("{number}.png"))).unwrap();
    }
    folder
}

/// The overrides that put a folder in the place of the emoji, and these on top.
fn overrides(folder: &Path, more: &[&str]) -> Vec<String> {
    let path = toml::Value::String(folder.display().to_string());
    let mut all = vec![
        "data.source.kind=folder".to_owned(),
        format!("data.source.train={path}"),
        "data.source.validation={ held_out = { share = 0.4, seed = 1 } }".to_owned(),
    ];
    all.extend(more.iter().map(|text| (*text).to_owned()));
    all
}

fn plan(folder: &Path, more: &[&str]) -> Result<Plan, TrainError> {
    let overrides = overrides(folder, more);
    Plan::resolve(tiny(&overrides.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn refused(folder: &Path, more: &[&str]) -> String {
    match plan(folder, more) {
        Ok(_) => panic!("accepted {more:?}"),
        Err(error) => error.to_string(),
    }
}

/// Runs to the end and gives the checkpoint's parameters.
fn run(plan: Plan, folder: &Path) -> Vec<(String, tch::Tensor)> {
    let mut trainer = Trainer::begin(plan, || RunDir::exact(folder)).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    let mut tensors = tch::Tensor::read_safetensors(folder.join("checkpoint.safetensors")).unwrap();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

/// The transform takes the whole image, so that a kept one is what a decoded one becomes.
#[test]
fn threads_and_a_cache_change_nothing() {
    let (folder, runs) = (pictures(), TempDir::new().unwrap());
    let plain = run(plan(folder.path(), &[]).unwrap(), &runs.path().join("a"));
    for (place, more) in [("b", "data.source.threads=3"), ("c", "data.source.cache=memory")] {
        let other = run(plan(folder.path(), &[more]).unwrap(), &runs.path().join(place));
        for ((name, ours), (_, theirs)) in plain.iter().zip(&other) {
            assert!(ours.equal(theirs), "{more}: {name} differs");
        }
    }
}

#[test]
fn a_held_out_share_has_no_part_in_training() {
    let folder = pictures();
    let [train, validation] = plan(folder.path(), &[]).unwrap().image_counts();
    assert!(train > 0 && validation > 0);
    assert_eq!(train + validation, 10);
}

#[test]
fn a_run_folder_remembers_the_source() {
    let folder = pictures();
    let place = folder.path().join("run");
    run(plan(folder.path(), &["data.source.cache=memory"]).unwrap(), &place);
    let header = Checkpoint::open(&place.join("checkpoint.safetensors")).unwrap().header().clone();
    let SourceConfig::Folder(source) = header.experiment.data.source else { panic!("another source") };
    assert_eq!((source.train.as_path(), source.cache), (folder.path(), Cache::Memory));
    assert_eq!(source.validation, ValidationImages::HeldOut(HeldOut { share: 0.4, seed: 1 }));
    assert!(std::fs::read_to_string(place.join("config.toml")).unwrap().contains("kind = \"folder\""));
}

#[test]
fn damaged_images_are_skipped_when_asked() {
    let folder = pictures();
    std::fs::write(folder.path().join("4.png"), b"").unwrap();
    let error = refused(folder.path(), &["data.source.cache=memory"]);
    assert!(error.contains("4.png") && error.contains("an empty file"), "{error}");

    let skipping = ["data.source.damaged=skip", "train.steps=8", "train.validate_every=8"];
    let mut trainer =
        Trainer::begin(plan(folder.path(), &skipping).unwrap(), || RunDir::exact(&folder.path().join("run"))).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    let damaged = trainer.plan().damaged_images();
    assert_eq!(damaged.len(), 1);
    assert!(damaged[0].path.ends_with("4.png"));
}

#[test]
fn senseless_folders_name_the_key_or_the_path() {
    let folder = pictures();
    let refused = |more: &str| refused(folder.path(), &[more]);
    assert_eq!(refused("data.source.threads=0"), "config `data.source.threads`: expected at least 1, got 0");
    assert_eq!(
        refused("data.source.validation.held_out.share=1.0"),
        "config `data.source.validation.held_out.share`: expected a number above 0 and below 1, got 1"
    );
    assert!(refused("data.source.train=no/such/place").contains("open image folder"));
    assert!(refused("data.source.train=no/such/place").contains("no/such/place"));
}
