//! Files of a run: deleted images, kept checkpoints, locks, runs resumed several times, averaged weights.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use vq_data::{DataError, ImageSource, Sample, load_image};
use vq_experiment::{Images, Weights};
use vq_pipeline::{Checkpoint, CheckpointHeader, TokenizerState};
use vq_run::{Event, Record, RunDir, RunError};
use vq_train::{RunEnd, TokenizerPlan, TokenizerRun, TrainError, TrainingObserver};

use crate::support::{Slopes, StopAfter, assert_equal, begun, finished, plain, records, resumed, slopes, tensors};

/// Image files, read at each access.
struct Files(Vec<PathBuf>);

impl ImageSource for Files {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let id = self.0[index].display().to_string();
        Ok(Sample { id, image: load_image(&self.0[index])?, ..Sample::default() })
    }
}

/// Deletes a file after the third step.
struct Deletes<'a>(&'a Path);

impl TrainingObserver for Deletes<'_> {
    fn step(&mut self, step: u64) {
        if step == 3 {
            std::fs::remove_file(self.0).unwrap();
        }
    }
}

#[test]
fn deleted_validation_image_does_not_end_the_run() {
    let folder = TempDir::new().unwrap();
    let files: Vec<PathBuf> = (0..3).map(|index| folder.path().join(format!("{index}.png"))).collect();
    for (index, file) in files.iter().enumerate() {
        Slopes(3).get(index).unwrap().image.save(file).unwrap();
    }
    let run = folder.path().join("run");
    let experiment = plain(&["train.validate_every=2"]);
    let deleted = files[1].clone();
    let images = Images::new(Arc::new(Slopes(20)), Arc::new(Files(files)));
    let plan = TokenizerPlan::with_images(experiment, images).unwrap();
    let outcome = TokenizerRun::begin(plan, || RunDir::exact(&run)).unwrap().train(&mut Deletes(&deleted)).unwrap();
    assert_eq!((outcome.step, outcome.end), (6, RunEnd::Finished));
    assert!(outcome.validation.is_none());
    let mut validations = Vec::new();
    for record in records(&run) {
        match record {
            Record::Validation { step, .. } => validations.push((step, "measured".to_owned())),
            Record::Event { step, event: Event::ValidationFailed { reason } } => validations.push((step, reason)),
            _ => {}
        }
    }
    assert_eq!(validations.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [2, 4, 6]);
    assert_eq!(validations[0].1, "measured");
    assert!(validations[1].1.contains("1.png") && validations[1].1.contains("No such file"), "{}", validations[1].1);
    let best = Checkpoint::open(&run.join("best.safetensors")).unwrap().header().best.clone().unwrap();
    assert_eq!(best.step, 2);
}

#[test]
fn last_checkpoints_and_best_one_are_kept() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let experiment = plain(&[
        "train.keep_checkpoints=2",
        "train.checkpoint_every=1",
        "train.validate_every=2",
        "train.ema_decay=0.9",
    ]);
    finished(&run, experiment);
    let mut files: Vec<String> = std::fs::read_dir(run.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["step-000005.safetensors", "step-000006.safetensors"]);
    assert_eq!(Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap().header().step, 6);
    let figures: Vec<(u64, f64)> = records(&run)
        .into_iter()
        .filter_map(|record| match record {
            Record::Validation { step, images, .. } => Some((step, images["psnr"])),
            _ => None,
        })
        .collect();
    let best = figures.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best }).unwrap();
    let header = Checkpoint::open(&run.join("best.safetensors")).unwrap().header().clone();
    assert_eq!((header.step, header.best.unwrap().value), best);
}

#[test]
fn second_run_in_the_same_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let first = begun(&run, plain(&[]));
    match TokenizerRun::resume_with_images(RunDir::existing(&run), slopes()) {
        Err(TrainError::Run(RunError::Locked { path })) => assert_eq!(path, run),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("two runs in one folder"),
    }
    drop(first);
    resumed(&run);
}

/// With all state that a run can have: averages, micro-batches, an alarm within its window, a decaying learning rate.
#[test]
fn run_resumed_several_times_equals_uninterrupted_run() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let experiment = plain(&[
        "train.accumulate=2",
        "train.ema_decay=0.9",
        "optimizer={clip=0.1,weight_decay=0.1}",
        "schedule.final_factor=0.1",
        "guards.usage={min_share=1.0,window=4,remedy='revive'}",
        "train.validate_every=4",
    ]);
    finished(&whole, experiment.clone());
    let mut run = begun(&cut, experiment);
    for steps in [1, 2, 1, u64::MAX] {
        run.train(&mut StopAfter(steps)).unwrap();
        drop(run);
        run = resumed(&cut);
    }
    assert_equal(&cut.join("checkpoint.safetensors"), &whole.join("checkpoint.safetensors"));
    let header = |run: &Path| Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap().header().clone();
    let timeless = |mut header: CheckpointHeader| {
        header.log_length = None; // the log contains speeds
        header
    };
    assert_eq!(timeless(header(&cut)), timeless(header(&whole)));
    let revived = |record: &Record| match record {
        Record::Event { event: Event::LowUsage { revived, .. }, .. } => *revived > 0,
        _ => false,
    };
    assert!(records(&whole).iter().any(revived), "expected a step that revives codes");
}

#[test]
fn tokenizer_has_averaged_weights_unless_raw_ones_are_chosen() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let experiment = plain(&["train.ema_decay=0.9", "train.precision=bf16"]);
    finished(&run, experiment);
    let path = run.join("checkpoint.safetensors");
    let checkpoint = Checkpoint::open(&path).unwrap();
    let saved = tensors(&path);
    for (weights, kind) in [(Weights::Ema, "ema"), (Weights::Raw, "model")] {
        let state = TokenizerState::load_weights(&checkpoint, tch::Device::Cpu, weights).unwrap();
        for (name, variable) in state.store.variables() {
            let (_, saved) = saved.iter().find(|(found, _)| *found == format!("{kind}.{name}")).unwrap();
            assert!(variable.equal(saved) && variable.kind() == tch::Kind::Float, "{kind}.{name}");
        }
    }
    let differ = |(name, tensor): &(String, tch::Tensor)| {
        let raw = name.strip_prefix("ema.").map(|name| format!("model.{name}"));
        raw.is_some_and(|raw| saved.iter().any(|(found, other)| *found == raw && !other.equal(tensor)))
    };
    assert!(saved.iter().any(differ), "expected averages that differ from the last weights");
    assert_ne!(checkpoint.sha256(Weights::Ema), checkpoint.sha256(Weights::Raw));
}
