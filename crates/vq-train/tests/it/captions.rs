//! Captions in training: resume, a translator for a trained tokenizer, and what is said.

use std::path::Path;

use tch::Tensor;
use tempfile::TempDir;
use vq_train::{Checkpoint, ExperimentFile, MetricsLog, Plan, Record, RunDir, TokenizerState, Trainer};

use crate::support::{StopAfter, tiny, write};

const CAPTIONS: [&str; 4] = [
    "captions.translator={ width = 16, heads = 2, layers = 1, max_tokens = 12 }",
    "captions.global={}",
    "captions.masked={}",
    "captions.words={}",
];

fn begin(folder: &Path, more: &[&str]) -> Trainer {
    let experiment = tiny(&[&CAPTIONS[..], more].concat());
    Trainer::begin(Plan::resolve(experiment).unwrap(), || RunDir::exact(folder)).unwrap()
}

fn tensors(run: &Path) -> Vec<(String, Tensor)> {
    let mut tensors = Tensor::read_safetensors(run.join("checkpoint.safetensors")).unwrap();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

#[test]
fn a_run_with_captions_goes_on_as_if_nothing_had_been() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let outcome = begin(&whole, &[]).run(&mut StopAfter(u64::MAX)).unwrap();
    begin(&cut, &[]).run(&mut StopAfter(3)).unwrap();
    Trainer::resume(RunDir::existing(&cut)).unwrap().run(&mut StopAfter(u64::MAX)).unwrap();
    for ((name, ours), (_, theirs)) in tensors(&cut).iter().zip(&tensors(&whole)) {
        assert!(ours.equal(theirs), "{name} differs");
    }
    let validation = outcome.validation.unwrap();
    assert!(validation.captions.unwrap().negative_log_likelihood > 0.0);
    assert_eq!(validation.told.len(), 30, "something is said of every image of the grid");
    let said = std::fs::read_to_string(RunDir::existing(&whole).told(6)).unwrap();
    assert_eq!(said.lines().count(), 30);
    let records = MetricsLog::read(&whole.join("metrics.jsonl")).unwrap();
    let Record::Train { terms, .. } = &records[0] else { panic!("{:?}", records[0]) };
    for term in ["translation", "translation_accuracy", "global_alignment", "masked_text", "word_supervision"] {
        assert!(terms.contains_key(term), "{terms:?}");
    }
}

/// The tokenizer begins as it would without captions, and its draws are the same.
#[test]
fn captions_that_reach_nothing_change_nothing() {
    let folder = TempDir::new().unwrap();
    let (with, without) = (folder.path().join("with"), folder.path().join("without"));
    let steps = ["train.steps=3"];
    begin(&with, &[&steps[..], &["captions.gradient=[]", "data.transform.sides=\"ignore\""]].concat())
        .run(&mut StopAfter(u64::MAX))
        .unwrap();
    let plain = tiny(&[&steps[..], &["data.transform.sides=\"ignore\""]].concat());
    let mut trainer = Trainer::begin(Plan::resolve(plain).unwrap(), || RunDir::exact(&without)).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    let with: Vec<_> = tensors(&with).into_iter().filter(|(name, _)| !name.contains("captions.")).collect();
    let own: Vec<_> = with.iter().filter(|(name, _)| name.starts_with("model.")).collect();
    let theirs: Vec<_> = tensors(&without).into_iter().filter(|(name, _)| name.starts_with("model.")).collect();
    assert_eq!(own.len(), theirs.len());
    for ((name, ours), (other, theirs)) in own.into_iter().zip(&theirs) {
        assert_eq!(name, other);
        assert!(ours.equal(theirs), "{name} differs");
    }
}

/// A translator is trained for a tokenizer that stays as it is; the rest of its experiment need not be said again.
#[test]
fn a_trained_tokenizer_learns_to_speak() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let plain = tiny(&["train.steps=2"]);
    let mut trainer = Trainer::begin(Plan::resolve(plain).unwrap(), || RunDir::exact(&first)).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();

    let translator = "name = \"translator\"\ntrain = { steps = 4, ema = 0.9 }\n[start]\nlearn = \"captions\"\n[captions]\n\
                      translator = { width = 16, heads = 2, layers = 1, max_tokens = 12 }";
    let file = ExperimentFile {
        path: write(folder.path(), "translator.toml", translator),
        overrides: vec![format!("start.run={}", toml::Value::String(first.display().to_string()))],
    };
    let experiment = file.load().unwrap();
    assert_eq!(experiment.data.transform.size, 16);
    let mut trainer = Trainer::begin(Plan::resolve(experiment).unwrap(), || RunDir::exact(&second)).unwrap();
    trainer.run(&mut StopAfter(2)).unwrap();
    drop(trainer);
    std::fs::rename(&first, folder.path().join("moved")).unwrap();
    let mut trainer = Trainer::resume(RunDir::existing(&second)).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();

    let of_first = tensors(&folder.path().join("moved"));
    let moved = tensors(&second);
    for (name, before) in of_first.iter().filter(|(name, _)| name.starts_with("model.")) {
        let after = &moved.iter().find(|(other, _)| other == name).unwrap().1;
        assert!(before.equal(after), "{name} has changed");
    }
    let checkpoint = Checkpoint::open(&second.join("checkpoint.safetensors")).unwrap();
    let state = TokenizerState::restore(&checkpoint, tch::Device::Cpu).unwrap();
    assert!(state.captions.is_some());
    let records = MetricsLog::read(&second.join("metrics.jsonl")).unwrap();
    assert!(matches!(records[0], Record::Train { reconstruction: None, codebook: None, .. }), "{:?}", records[0]);
}

#[test]
fn images_without_captions_are_refused() {
    let [train, validation] = crate::support::slopes();
    let error = Plan::with_images(tiny(&CAPTIONS), train, validation).err().unwrap().to_string();
    assert!(error.contains("expected images with captions for `captions`"), "{error}");
}

#[test]
fn a_grid_that_the_translator_cannot_read_is_refused_before_a_run_begins() {
    let error = Plan::resolve(tiny(&["captions.translator.max_rows=3"])).err().unwrap().to_string();
    assert!(
        error.contains("`captions.translator`") && error.contains("at least 4") && error.contains("got 3 and 32"),
        "{error}"
    );
}

#[test]
fn a_trained_tokenizer_that_is_not_there_is_named() {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "translator.toml", "[start]\nrun = \"nowhere\"\nlearn = \"captions\"");
    let error = ExperimentFile { path, overrides: Vec::new() }.load().unwrap_err().to_string();
    assert!(error.contains("nowhere"), "{error}");
}
