//! Training of a scene classifier: seeds, log, validation, checkpoints, stopped and resumed runs.

use std::path::Path;

use tch::Device;
use tempfile::TempDir;
use vq_experiment::{BestBy, ExperimentFile, SceneClassifierExperiment};
use vq_pipeline::{CheckpointHeader, SceneClassifierCheckpoint, SceneClassifierSetup, TrainedSceneClassifier};
use vq_run::{Record, RunDir};
use vq_train::{Outcome, RunEnd, SceneClassifierPlan, SceneClassifierRun, SceneClassifierValidation};

use crate::support::{StopAfter, assert_equal, records, write};

/// A scene classifier that trains for seconds.
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

fn experiment(overrides: &[&str]) -> SceneClassifierExperiment {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "scene-classifier.toml", TINY);
    let overrides = overrides.iter().map(|text| (*text).to_owned()).collect();
    ExperimentFile { path, overrides }.load_scene_classifier().unwrap().experiment
}

/// Begins a run of [`TINY`] with overrides in a new folder.
fn begun(run: &Path, overrides: &[&str]) -> SceneClassifierRun {
    SceneClassifierRun::begin(SceneClassifierPlan::new(experiment(overrides)).unwrap(), || RunDir::exact(run)).unwrap()
}

/// Trains to the end in a new folder.
fn train(run: &Path, overrides: &[&str]) -> Outcome<SceneClassifierValidation> {
    begun(run, overrides).train(&mut StopAfter(u64::MAX)).unwrap()
}

/// The records of steps without what depends on the clock, after a check that the terms sum to the loss.
fn steps(run: &Path) -> Vec<(u64, f64, f64, Option<f64>)> {
    let step = |record| match record {
        Record::Train { step, loss, learning_rate, gradient_norm, terms, .. } => {
            assert!((terms["presence"] + terms["color"] + terms["position"] - loss).abs() < 1e-6, "{terms:?}");
            Some((step, loss, learning_rate, gradient_norm))
        }
        _ => None,
    };
    records(run).into_iter().filter_map(step).collect()
}

/// The header of a checkpoint, without the length of the log, which depends on the clock.
fn header(run: &Path) -> CheckpointHeader<SceneClassifierSetup> {
    let checkpoint = SceneClassifierCheckpoint::open(run).unwrap();
    CheckpointHeader { log_length: None, ..checkpoint.header().clone() }
}

fn assert_same_run(ours: &Path, theirs: &Path) {
    assert_eq!(steps(ours), steps(theirs));
    assert_eq!(header(ours), header(theirs));
    assert_equal(&ours.join("checkpoint.safetensors"), &theirs.join("checkpoint.safetensors"));
}

#[test]
fn run_is_a_function_of_its_seed_and_the_loss_falls() {
    let folder = TempDir::new().unwrap();
    let [one, other, another_seed] = ["one", "other", "another-seed"].map(|name| folder.path().join(name));
    train(&one, &["train.steps=30"]);
    train(&other, &["train.steps=30"]);
    assert_same_run(&one, &other);
    let losses: Vec<f64> = steps(&one).iter().map(|&(_, loss, ..)| loss).collect();
    assert_eq!(losses.len(), 30);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (begin, end) = (mean(&losses[..5]), mean(&losses[25..]));
    assert!(end < begin * 0.9, "from {begin} to {end}");
    train(&another_seed, &["seed=1", "train.steps=1"]);
    assert_ne!(steps(&another_seed)[0].1, losses[0]);
}

/// The checkpoint gives the scores of the last validation: with averaged weights, if the run keeps an average.
#[test]
fn loaded_classifier_has_the_scores_of_the_validation() {
    let folder = TempDir::new().unwrap();
    for (name, overrides) in [("raw", &["train.steps=6"][..]), ("averaged", &["train.steps=6", "train.ema_decay=0.5"])]
    {
        let run = folder.path().join(name);
        let outcome = train(&run, overrides);
        assert_eq!((outcome.step, outcome.end), (6, RunEnd::Finished));
        let SceneClassifierValidation(figures) = outcome.validation.unwrap();
        let classifier = TrainedSceneClassifier::open(&run, Device::Cpu).unwrap();
        let experiment = &classifier.setup.experiment;
        let [_, validation, held_out] = experiment.scenes().unwrap().worlds(&experiment.data.transform).unwrap();
        for (scores, world) in [(figures.validation, validation), (figures.held_out, held_out)] {
            assert_eq!(scores.all_objects.of, 70);
            assert!(scores.object_recall.of >= 70);
            assert_eq!(classifier.score_world(&world).unwrap(), scores, "{name}");
        }
        let Some(Record::Classification { step: 6, figures: logged }) = records(&run).pop() else {
            panic!("no validation was logged")
        };
        assert_eq!(logged.get("object_f1").copied(), figures.validation.object_f1());
        assert_eq!(logged.get("held_out_object_f1").copied(), figures.held_out.object_f1());
        assert_eq!(logged["all_right"], figures.validation.all_right.value().unwrap());
        let best = header(&run).best.map(|best| (best.step, best.by, best.value));
        assert_eq!(best, figures.validation.object_f1().map(|value| (6, BestBy::ObjectF1, value)));
        assert!(std::fs::read_to_string(run.join("report.html")).unwrap().contains("All right"));
    }
}

#[test]
fn observer_stops_a_run() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let outcome = begun(&run, &[]).train(&mut StopAfter(2)).unwrap();
    assert_eq!((outcome.step, outcome.end), (2, RunEnd::Stopped));
    assert!(outcome.validation.is_none());
    assert_eq!((steps(&run).len(), header(&run).step), (2, 2));
}

/// An epoch has four steps.
#[test]
fn resumed_run_equals_uninterrupted_run() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let overrides = ["train.ema_decay=0.9", "train.accumulate=2", "train.validate_every=4"];
    train(&whole, &overrides);
    begun(&cut, &overrides).train(&mut StopAfter(3)).unwrap();
    let mut resumed = SceneClassifierRun::resume(RunDir::existing(&cut)).unwrap();
    assert_eq!(resumed.steps_taken(), 3);
    resumed.train(&mut StopAfter(3)).unwrap();
    drop(resumed);
    let outcome = SceneClassifierRun::resume(RunDir::existing(&cut)).unwrap().train(&mut StopAfter(u64::MAX)).unwrap();
    assert_eq!((outcome.step, outcome.end), (12, RunEnd::Finished));
    assert_same_run(&cut, &whole);
    let validations = |run: &Path| {
        records(run).into_iter().filter(|record| matches!(record, Record::Classification { .. })).collect::<Vec<_>>()
    };
    assert_eq!(validations(&whole).len(), 3);
    assert_eq!(validations(&cut), validations(&whole));
}
