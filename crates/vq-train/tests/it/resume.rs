//! A run that was cut and resumed equals one that was not.

use std::path::Path;

use tempfile::TempDir;
use vq_train::{MetricsLog, Plan, Record, RunDir, Trainer};

use crate::support::{StopAfter, tiny};

fn begin(folder: &Path) -> Trainer {
    Trainer::begin(Plan::resolve(tiny(&[])).unwrap(), || RunDir::exact(folder)).unwrap()
}

fn finish(mut trainer: Trainer) {
    let outcome = trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    assert_eq!(outcome.step, 6);
    assert!(outcome.validation.is_some());
}

/// All that does not depend on the clock.
fn figures(folder: &Path) -> Vec<String> {
    let timeless = |record| match record {
        Record::Train {
            step,
            loss,
            reconstruction,
            codebook,
            learning_rate,
            images_per_second: _,
            gradient_norm,
            terms,
        } => format!("{step} {loss} {reconstruction:?} {codebook:?} {learning_rate} {gradient_norm:?} {terms:?}"),
        other => format!("{other:?}"),
    };
    MetricsLog::read(&folder.join("metrics.jsonl")).unwrap().into_iter().map(timeless).collect()
}

#[test]
fn a_stopped_run_goes_on_as_if_nothing_had_been() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    finish(begin(&whole));
    let outcome = begin(&cut).run(&mut StopAfter(3)).unwrap();
    assert_eq!(outcome.step, 3);
    assert!(outcome.validation.is_none());
    finish(Trainer::resume(RunDir::existing(&cut)).unwrap());
    assert_eq!(figures(&cut), figures(&whole));
    assert_eq!(figures(&whole).len(), 7);

    let tensors = |run: &Path| {
        let mut tensors = tch::Tensor::read_safetensors(run.join("checkpoint.safetensors")).unwrap();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        tensors
    };
    for ((name, ours), (_, theirs)) in tensors(&cut).iter().zip(&tensors(&whole)) {
        assert!(ours.equal(theirs), "{name} differs");
    }
}

/// After `kill -9` the log may be ahead of the checkpoint, and its last line cut.
#[test]
fn a_log_ahead_of_the_checkpoint_is_taken_back() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    finish(begin(&whole));
    begin(&cut).run(&mut StopAfter(2)).unwrap();
    let log = cut.join("metrics.jsonl");
    let mut text = std::fs::read_to_string(&log).unwrap();
    let third = text.lines().last().unwrap().replace("\"step\":2", "\"step\":3");
    text.push_str(&format!("{third}\n{{\"kind\":\"train\",\"st"));
    std::fs::write(&log, text).unwrap();
    finish(Trainer::resume(RunDir::existing(&cut)).unwrap());
    assert_eq!(figures(&cut), figures(&whole));
}

#[test]
fn a_finished_run_has_nothing_left_to_do() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    finish(begin(&run));
    let before = figures(&run);
    finish(Trainer::resume(RunDir::existing(&run)).unwrap());
    assert_eq!(figures(&run), before);
}

#[test]
fn there_must_be_a_checkpoint_to_resume() {
    let folder = TempDir::new().unwrap();
    let error = match Trainer::resume(RunDir::existing(folder.path())) {
        Ok(_) => panic!("resumed from nothing"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("read checkpoint") && error.contains("checkpoint.safetensors"), "{error}");
}

#[test]
fn a_tokenizer_that_cannot_be_built_leaves_no_folder() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let plan = Plan::resolve(tiny(&["quantizer.transfer.hidden=0"])).unwrap();
    assert!(Trainer::begin(plan, || RunDir::exact(&run)).is_err());
    assert!(!run.exists());
}
