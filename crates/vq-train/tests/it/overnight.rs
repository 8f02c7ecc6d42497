//! What may happen to the files of a run while nobody looks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use vq_data::{DataError, ImageSource, Sample, load_image};
use vq_train::{Checkpoint, End, Event, Plan, Record, RunDir, TokenizerState, TrainError, Trainer, Watch, Weights};

use crate::support::{Slopes, StopAfter, assert_equal, plain, plan, records, slopes};

/// Pictures of a folder, read when they are asked for.
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

impl Watch for Deletes<'_> {
    fn step(&mut self, step: u64) {
        if step == 3 {
            std::fs::remove_file(self.0).unwrap();
        }
    }

    fn record(&mut self, _record: &Record) {}

    fn wants_stop(&self) -> bool {
        false
    }
}

#[test]
fn a_validation_image_that_is_deleted_costs_a_figure_not_the_run() {
    let folder = TempDir::new().unwrap();
    let files: Vec<PathBuf> = (0..3).map(|index| folder.path().join(format!("{index}.png"))).collect();
    for (index, file) in files.iter().enumerate() {
        Slopes(3).get(index).unwrap().image.save(file).unwrap();
    }
    let run = folder.path().join("run");
    let experiment = plain(&["train.validate_every=2"]);
    let doomed = files[1].clone();
    let plan = Plan::with_images(experiment, Arc::new(Slopes(20)), Arc::new(Files(files))).unwrap();
    let mut trainer = Trainer::begin(plan, || RunDir::exact(&run)).unwrap();
    let outcome = trainer.run(&mut Deletes(&doomed)).unwrap();
    assert_eq!((outcome.step, outcome.end), (6, End::Finished));
    assert!(outcome.validation.is_none());
    let mut told = Vec::new();
    for record in records(&run) {
        match record {
            Record::Validation { step, .. } => told.push((step, "measured".to_owned())),
            Record::Event { step, event: Event::ValidationFailed { reason } } => told.push((step, reason)),
            _ => {}
        }
    }
    assert_eq!(told.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [2, 4, 6]);
    assert_eq!(told[0].1, "measured");
    assert!(told[1].1.contains("1.png") && told[1].1.contains("No such file"), "{}", told[1].1);
    let best = Checkpoint::open(&run.join("best.safetensors")).unwrap().header().best.clone().unwrap();
    assert_eq!(best.step, 2);
}

#[test]
fn the_last_few_checkpoints_and_the_best_are_kept() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let experiment = plain(&["train.keep=2", "train.checkpoint_every=1", "train.validate_every=2", "train.ema=0.9"]);
    let mut trainer = Trainer::begin(plan(experiment), || RunDir::exact(&run)).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();
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
            Record::Validation { step, psnr, .. } => Some((step, psnr)),
            _ => None,
        })
        .collect();
    let best = figures.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best }).unwrap();
    let header = Checkpoint::open(&run.join("best.safetensors")).unwrap().header().clone();
    assert_eq!((header.step, header.best.unwrap().value), best);
}

#[test]
fn a_second_run_in_the_same_folder_is_refused() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let [train, validation] = slopes();
    let resume = || Trainer::resume_with_images(RunDir::existing(&run), train.clone(), validation.clone());
    let first = Trainer::begin(plan(plain(&[])), || RunDir::exact(&run)).unwrap();
    match resume() {
        Err(TrainError::RunLocked { path }) => assert_eq!(path, run),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("two runs in one folder"),
    }
    drop(first);
    resume().unwrap();
}

/// Everything that a run can carry: averages, micro-batches, an alarm whose window is open, a decaying rate.
#[test]
fn a_run_that_is_cut_again_and_again_equals_one_that_is_not() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let experiment = plain(&[
        "train.accumulate=2",
        "train.ema=0.9",
        "optimizer={clip=0.1,weight_decay=0.1}",
        "schedule.final_share=0.1",
        "guards.usage={least=1.0,window=4,remedy='revive'}",
        "train.validate_every=4",
    ]);
    let mut trainer = Trainer::begin(plan(experiment.clone()), || RunDir::exact(&whole)).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    let mut trainer = Trainer::begin(plan(experiment), || RunDir::exact(&cut)).unwrap();
    for steps in [1, 2, 1, u64::MAX] {
        trainer.run(&mut StopAfter(steps)).unwrap();
        drop(trainer);
        let [train, validation] = slopes();
        trainer = Trainer::resume_with_images(RunDir::existing(&cut), train, validation).unwrap();
    }
    assert_equal(&cut.join("checkpoint.safetensors"), &whole.join("checkpoint.safetensors"));
    let header = |run: &Path| Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap().header().clone();
    let timeless = |mut header: vq_train::CheckpointHeader| {
        header.log_length = None; // of a log that holds speeds
        header
    };
    assert_eq!(timeless(header(&cut)), timeless(header(&whole)));
    let revived = |record: &Record| matches!(record, Record::Event { event: Event::LowUsage { revived, .. }, .. } if *revived > 0);
    assert!(records(&whole).iter().any(revived), "the test does not show what it should");
}

#[test]
fn the_tokenizer_has_the_averaged_weights_unless_the_raw_ones_are_asked_for() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let experiment = plain(&["train.ema=0.9", "train.precision=bf16"]);
    let mut trainer = Trainer::begin(plan(experiment), || RunDir::exact(&run)).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    let path = run.join("checkpoint.safetensors");
    let checkpoint = Checkpoint::open(&path).unwrap();
    let saved = crate::support::tensors(&path);
    for (weights, kind) in [(Weights::Ema, "ema"), (Weights::Raw, "model")] {
        let state = TokenizerState::restore_with(&checkpoint, tch::Device::Cpu, weights).unwrap();
        for (name, variable) in state.store.variables() {
            let (_, saved) = saved.iter().find(|(found, _)| *found == format!("{kind}.{name}")).unwrap();
            assert!(variable.equal(saved) && variable.kind() == tch::Kind::Float, "{kind}.{name}");
        }
    }
    let differ = |(name, tensor): &(String, tch::Tensor)| {
        let raw = name.strip_prefix("ema.").map(|name| format!("model.{name}"));
        raw.is_some_and(|raw| saved.iter().any(|(found, other)| *found == raw && !other.equal(tensor)))
    };
    assert!(saved.iter().any(differ), "the average is no average");
    assert_ne!(checkpoint.sha256(Weights::Ema), checkpoint.sha256(Weights::Raw));
}
