//! Resumed runs equal uninterrupted ones.

use std::path::Path;

use tempfile::TempDir;
use vq_run::{Record, RunDir};
use vq_train::{TokenizerPlan, TokenizerRun};

use crate::support::{StopAfter, assert_equal, records, tiny};

fn begin(folder: &Path) -> TokenizerRun {
    TokenizerRun::begin(TokenizerPlan::new(tiny(&[])).unwrap(), || RunDir::exact(folder)).unwrap()
}

fn finish(mut run: TokenizerRun) {
    let outcome = run.train(&mut StopAfter(u64::MAX)).unwrap();
    assert_eq!(outcome.step, 6);
    assert!(outcome.validation.is_some());
}

/// The log of a run without its speeds.
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
    records(folder).into_iter().map(timeless).collect()
}

#[test]
fn resumed_run_equals_uninterrupted_run() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    finish(begin(&whole));
    let outcome = begin(&cut).train(&mut StopAfter(3)).unwrap();
    assert_eq!(outcome.step, 3);
    assert!(outcome.validation.is_none());
    finish(TokenizerRun::resume(RunDir::existing(&cut)).unwrap());
    assert_eq!(figures(&cut), figures(&whole));
    assert_eq!(figures(&whole).len(), 7);
    assert_equal(&cut.join("checkpoint.safetensors"), &whole.join("checkpoint.safetensors"));
}

/// After `kill -9` the log may be ahead of the checkpoint, with a last line that is cut short.
#[test]
fn log_ahead_of_the_checkpoint_is_cut() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    finish(begin(&whole));
    begin(&cut).train(&mut StopAfter(2)).unwrap();
    let log = cut.join("metrics.jsonl");
    let mut text = std::fs::read_to_string(&log).unwrap();
    let third = text.lines().last().unwrap().replace("\"step\":2", "\"step\":3");
    text.push_str(&format!("{third}\n{{\"kind\":\"train\",\"st"));
    std::fs::write(&log, text).unwrap();
    finish(TokenizerRun::resume(RunDir::existing(&cut)).unwrap());
    assert_eq!(figures(&cut), figures(&whole));
}

#[test]
fn resumed_finished_run_takes_no_step() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    finish(begin(&run));
    let before = figures(&run);
    finish(TokenizerRun::resume(RunDir::existing(&run)).unwrap());
    assert_eq!(figures(&run), before);
}

#[test]
fn folder_without_checkpoint_cannot_be_resumed() {
    let folder = TempDir::new().unwrap();
    let error = match TokenizerRun::resume(RunDir::existing(folder.path())) {
        Ok(_) => panic!("resumed without a checkpoint"),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("read checkpoint") && error.contains("checkpoint.safetensors"), "{error}");
}

#[test]
fn tokenizer_that_cannot_be_built_leaves_no_folder() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let plan = TokenizerPlan::new(tiny(&["quantizer.transfer.hidden=0"])).unwrap();
    assert!(TokenizerRun::begin(plan, || RunDir::exact(&run)).is_err());
    assert!(!run.exists());
}
