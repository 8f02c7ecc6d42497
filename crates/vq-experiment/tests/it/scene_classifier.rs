//! Experiments of scene classifiers: errors name the key.

use tempfile::TempDir;
use vq_experiment::{ConfigError, SceneClassifierExperiment};

use crate::support::{configs, file, write};

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

[optimizer]
beta1 = 0.9

[schedule]
learning_rate = 1e-2

[train]
steps = 12
log_every = 1
"#;

/// [`TINY`] with overrides, read and checked.
fn checked(overrides: &[&str]) -> Result<SceneClassifierExperiment, ConfigError> {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "scene-classifier.toml", TINY);
    let experiment = file(path, overrides).load_scene_classifier()?.experiment;
    experiment.check().map(|()| experiment)
}

#[test]
fn error_names_key_of_value_out_of_range() {
    #[track_caller]
    fn check(overrides: &[&str], parts: &[&str]) {
        let Err(error) = checked(overrides) else { panic!("accepted {overrides:?}") };
        let message = error.to_string();
        for part in parts {
            assert!(message.contains(part), "{part:?} is missing in: {message}");
        }
    }
    assert!(checked(&[]).is_ok());
    check(&["train.steps=0"], &["`train.steps`", "at least 1", "0"]);
    check(&["train.log_every=0"], &["`train.log_every`", "at least 1", "0"]);
    check(&["train.best_by=psnr"], &["`train.best_by`", "`object-f1`", "psnr"]);
    check(&["guards.usage={ min_share = 0.5 }"], &["`guards.usage`", "no codebook"]);
    check(&["data.batch_size=0"], &["`data.batch_size`", "at least 1", "0"]);
    check(&["data.source={ kind = \"emoji\" }"], &["`data.source.kind`", "`scenes`"]);
    check(&["data.source.validate_on=held-out"], &["`data.source.validate_on`", "`validation`", "held-out"]);
    check(&["data.transform.flip=random"], &["`data.transform.flip`", "never"]);
    check(&["data.transform.jitter={ brightness = 0.5 }"], &["`data.transform.jitter`", "none"]);
    check(&["network.widths=[16, 16, 16, 16]", "data.transform.size=40"], &["a multiple of 16", "40"]);
    check(&["network.widths=[20]"], &["`widths`", "[20]"]);
    check(&["optimizer.beta1=1"], &["`optimizer.beta1`"]);
    check(&["schedule.learning_rate=0"], &["`schedule.learning_rate`"]);
    check(&["train.step=1"], &["scene-classifier.toml", "unknown field `step`", "did you mean `steps`"]);
}

#[test]
fn experiment_of_scenes64_has_images_of_64_pixels() {
    let loaded = file(configs().join("scenes64/scene-classifier.toml"), &[]).load_scene_classifier().unwrap();
    assert_eq!(loaded.experiment.data.transform.size, 64);
}
