//! Training on folders of images.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vq_data::HeldOut;
use vq_experiment::{Cache, SourceConfig, ValidationImages};
use vq_pipeline::Checkpoint;
use vq_run::RunDir;
use vq_train::{TokenizerPlan, TokenizerRun, TrainError};

use crate::support::{StopAfter, assert_equal, pictures, tiny_folder};

fn plan(folder: &Path, more: &[&str]) -> Result<TokenizerPlan, TrainError> {
    TokenizerPlan::new(tiny_folder(folder, more))
}

fn refused(folder: &Path, more: &[&str]) -> String {
    match plan(folder, more) {
        Ok(_) => panic!("accepted {more:?}"),
        Err(error) => error.to_string(),
    }
}

/// Trains to the end; returns the path of the checkpoint.
fn train(plan: TokenizerPlan, folder: &Path) -> PathBuf {
    TokenizerRun::begin(plan, || RunDir::exact(folder)).unwrap().train(&mut StopAfter(u64::MAX)).unwrap();
    folder.join("checkpoint.safetensors")
}

/// The transform takes the whole image, so that a cached image equals a decoded one.
#[test]
fn threads_and_cache_do_not_change_the_run() {
    let (folder, runs) = (pictures(), TempDir::new().unwrap());
    let plain = train(plan(folder.path(), &[]).unwrap(), &runs.path().join("plain"));
    for (name, more) in [("threads", "data.source.threads=3"), ("cache", "data.source.cache=memory")] {
        assert_equal(&train(plan(folder.path(), &[more]).unwrap(), &runs.path().join(name)), &plain);
    }
}

#[test]
fn held_out_share_is_not_trained_on() {
    let folder = pictures();
    let [train, validation] = plan(folder.path(), &[]).unwrap().image_counts();
    assert!(train > 0 && validation > 0);
    assert_eq!(train + validation, 10);
}

#[test]
fn run_folder_records_the_source() {
    let folder = pictures();
    let run = folder.path().join("run");
    let checkpoint = train(plan(folder.path(), &["data.source.cache=memory"]).unwrap(), &run);
    let header = Checkpoint::open(&checkpoint).unwrap().header().clone();
    let SourceConfig::Folder(source) = header.experiment.data.source else { panic!("another source") };
    assert_eq!((source.train.as_path(), source.cache), (folder.path(), Cache::Memory));
    assert_eq!(source.validation, ValidationImages::HeldOut(HeldOut { share: 0.4, seed: 1 }));
    assert!(std::fs::read_to_string(run.join("config.toml")).unwrap().contains("kind = \"folder\""));
}

#[test]
fn damaged_image_is_refused_or_skipped() {
    let folder = pictures();
    std::fs::write(folder.path().join("4.png"), b"").unwrap();
    let error = refused(folder.path(), &["data.source.cache=memory"]);
    assert!(error.contains("4.png") && error.contains("an empty file"), "{error}");

    let skipping = ["data.source.damaged=skip", "train.steps=8", "train.validate_every=8"];
    let plan = plan(folder.path(), &skipping).unwrap();
    let mut run = TokenizerRun::begin(plan, || RunDir::exact(&folder.path().join("run"))).unwrap();
    run.train(&mut StopAfter(u64::MAX)).unwrap();
    let damaged = run.task().plan.damaged_images();
    assert_eq!(damaged.len(), 1);
    assert!(damaged[0].path.ends_with("4.png"));
}

#[test]
fn error_names_key_or_path_of_a_bad_folder() {
    let folder = pictures();
    let refused = |more: &str| refused(folder.path(), &[more]);
    assert_eq!(refused("data.source.threads=0"), "config `data.source.threads`: expected at least 1, got 0");
    assert_eq!(
        refused("data.source.validation.share=1.0"),
        "config `data.source.validation.share`: expected a number above 0 and below 1, got 1"
    );
    assert!(refused("data.source.train=no/such/place").contains("open image folder"));
    assert!(refused("data.source.train=no/such/place").contains("no/such/place"));
}

#[test]
fn override_replaces_the_kind_of_validation() {
    let folder = pictures();
    std::fs::create_dir(folder.path().join("more")).unwrap();
    std::fs::copy(folder.path().join("1.png"), folder.path().join("more/1.png")).unwrap();
    let path = toml::Value::String(folder.path().join("more").display().to_string());
    let validation = format!("data.source.validation={{ kind = \"folder\", path = {path} }}");
    assert_eq!(plan(folder.path(), &[&validation]).unwrap().image_counts(), [11, 1]);
}
