//! Scene classifiers from checkpoints, what they cannot classify, and damaged checkpoints.

use std::path::{Path, PathBuf};

use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use vq_file::FileError;
use vq_pipeline::{
    PipelineError, SceneBatch, SceneClassifierCheckpoint, SceneClassifierSetup, SceneScores, TrainedSceneClassifier,
};
use vq_scenes::{EmojiScenes, SceneConfig};

use crate::support::{CheckpointParts, load, save};

/// A scene classifier of four nouns.
const TINY: &str = r#"
name = "tiny"
device = "cpu"

[data]
batch_size = 8
transform = { size = 32, background = { color = [255, 255, 255] }, flip = "never" }

[data.source]
kind = "scenes"
objects = { start = 1, end = 1 }
nouns = ["cat", "lemon", "star", "bus"]
train = 64
validation = 70

[network]
widths = [16, 32]

[schedule]
learning_rate = 1e-2

[train]
steps = 12
"#;

/// A classifier with random parameters, and its checkpoint in `folder`.
fn saved(folder: &Path) -> (PathBuf, TrainedSceneClassifier) {
    let experiment = load(TINY, &[], |file| file.load_scene_classifier().unwrap().experiment);
    let setup = SceneClassifierSetup::new(experiment).unwrap();
    let classifier = TrainedSceneClassifier::fresh(setup.clone(), Device::Cpu).unwrap();
    let path = folder.join("checkpoint.safetensors");
    save(&path, setup, &CheckpointParts { store: &classifier.store, prior: None, language: None });
    (path, classifier)
}

/// Scenes of these nouns.
fn scenes(nouns: &[&str]) -> SceneBatch {
    let nouns = nouns.iter().map(|&noun| noun.to_owned()).collect();
    let world = EmojiScenes::new(SceneConfig { nouns, objects: 1..=1, ..SceneConfig::new(32) }).unwrap();
    SceneBatch::new((0..6).map(|index| world.scene(index)))
}

#[test]
fn loaded_classifier_equals_saved_one() {
    let folder = TempDir::new().unwrap();
    let (path, classifier) = saved(folder.path());
    let SceneBatch { images, truths } = scenes(&["cat", "lemon", "star", "bus"]);
    let features = classifier.features(&images).unwrap();
    assert_eq!(features.size(), [6, 32]);
    let predicted = classifier.predict(&images).unwrap();
    for run_or_file in [path.as_path(), folder.path()] {
        let loaded = TrainedSceneClassifier::open(run_or_file, Device::Cpu).unwrap();
        assert_eq!(loaded.setup, classifier.setup);
        assert!(loaded.features(&images).unwrap().equal(&features));
        assert_eq!(loaded.predict(&images).unwrap(), predicted);
        let one_by_one = truths.iter().zip(&predicted).map(|(truth, predicted)| SceneScores::of(truth, predicted));
        let sum = one_by_one.fold(SceneScores::default(), SceneScores::merge);
        assert_eq!(loaded.score(&images, &truths).unwrap(), sum);
    }
}

#[test]
fn images_of_another_shape_are_refused() {
    let folder = TempDir::new().unwrap();
    let (_, classifier) = saved(folder.path());
    for size in [&[1, 3, 64, 64][..], &[1, 1, 32, 32], &[3, 32, 32], &[0, 3, 32, 32]] {
        let images = Tensor::zeros(size, (Kind::Float, Device::Cpu));
        let error = classifier.predict(&images).unwrap_err().to_string();
        assert!(error.contains("[B, 3, ") && error.contains(&format!("{size:?}")), "{error}");
    }
}

#[test]
fn missing_truth_and_unknown_noun_are_refused() {
    let folder = TempDir::new().unwrap();
    let (_, classifier) = saved(folder.path());
    let SceneBatch { images, truths } = scenes(&["cat", "lemon", "star", "bus"]);
    let error = classifier.score(&images, &truths[..5]).unwrap_err().to_string();
    assert!(error.contains("a truth for each of 6 images, got [[5]]"), "{error}");
    let SceneBatch { images, truths } = scenes(&["tiger", "apple", "car", "heart"]);
    let error = classifier.score(&images, &truths).unwrap_err().to_string();
    let noun = &truths[0].groups[0].noun;
    assert!(error.contains(&format!("expected nouns of the scene classifier, got `{noun}`")), "{error}");
}

/// The message of the error that names the file.
#[track_caller]
fn refused(path: &Path) -> String {
    let error = TrainedSceneClassifier::open(path, Device::Cpu).unwrap_err();
    assert!(matches!(error, PipelineError::File(FileError::Format { what: "checkpoint", .. })), "{error}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    error.to_string()
}

#[test]
fn truncated_checkpoint_is_refused() {
    let folder = TempDir::new().unwrap();
    let (path, _) = saved(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(refused(&path).contains(&format!("expected a whole safetensors file, got {length} bytes")));
    }
}

#[test]
fn another_format_version_key_or_parameter_is_refused() {
    let folder = TempDir::new().unwrap();
    let (path, _) = saved(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "the length of the header must not change");
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&path, bytes).unwrap();
        refused(&path)
    };
    let message = replaced("vqct-scene-classifier", "vqct-scene-classified");
    assert!(message.ends_with("expected format `vqct-scene-classifier`, got `vqct-scene-classified`"), "{message}");
    let message = replaced("\"version\":\"2\"", "\"version\":\"9\"");
    assert!(message.ends_with("expected version 2, got 9"), "{message}");
    assert!(replaced("log_every", "log_evory").contains("log_evory"));
    let message = replaced("norm_out.bias", "norm_out.bios");
    assert!(message.ends_with("expected tensor `model.norm_out.bias`, F32 [32], got none"), "{message}");
}

#[test]
fn missing_checkpoint_is_named() {
    let folder = TempDir::new().unwrap();
    let absent = folder.path().join("absent.safetensors");
    let error = SceneClassifierCheckpoint::open(&absent).unwrap_err().to_string();
    assert!(error.contains("read checkpoint") && error.contains("absent.safetensors"), "{error}");
}
