//! Training with captions: resumed runs, a translator for a trained tokenizer, and generated captions.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vq_experiment::{Experiment, ExperimentFile};
use vq_pipeline::{Checkpoint, TokenizerState};
use vq_run::{Record, RunDir};
use vq_train::{TokenizerPlan, TokenizerRun};

use crate::support::{StopAfter, assert_equal, records, slopes, tensors, tiny, write};

const CAPTIONS: [&str; 4] = [
    "captions.translator={ width = 16, heads = 2, layers = 1, max_tokens = 12 }",
    "captions.global_alignment={}",
    "captions.masked_text={}",
    "captions.word_supervision={}",
];

/// Begins a run of [`tiny`] with captions and more overrides.
fn begin(run: &Path, more: &[&str]) -> TokenizerRun {
    begin_experiment(run, tiny(&[&CAPTIONS[..], more].concat()))
}

fn begin_experiment(run: &Path, experiment: Experiment) -> TokenizerRun {
    TokenizerRun::begin(TokenizerPlan::new(experiment).unwrap(), || RunDir::exact(run)).unwrap()
}

fn checkpoint(run: &Path) -> PathBuf {
    run.join("checkpoint.safetensors")
}

#[test]
fn resumed_run_with_captions_equals_uninterrupted_run() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let outcome = begin(&whole, &[]).train(&mut StopAfter(u64::MAX)).unwrap();
    begin(&cut, &[]).train(&mut StopAfter(3)).unwrap();
    TokenizerRun::resume(RunDir::existing(&cut)).unwrap().train(&mut StopAfter(u64::MAX)).unwrap();
    assert_equal(&checkpoint(&cut), &checkpoint(&whole));
    let validation = outcome.validation.unwrap();
    assert!(validation.captions.unwrap().negative_log_likelihood > 0.0);
    assert_eq!(validation.generated.len(), 30, "one caption for each image of the grid");
    let generated = std::fs::read_to_string(RunDir::existing(&whole).captions(6)).unwrap();
    assert_eq!(generated.lines().count(), 30);
    let records = records(&whole);
    let Record::Train { terms, .. } = &records[0] else { panic!("{:?}", records[0]) };
    for term in ["translation", "translation_accuracy", "global_alignment", "masked_text", "word_supervision"] {
        assert!(terms.contains_key(term), "{terms:?}");
    }
}

/// Without a gradient path, the tokenizer has the same initial weights and random numbers as without captions.
#[test]
fn captions_without_gradient_path_do_not_change_the_tokenizer() {
    let folder = TempDir::new().unwrap();
    let (with, without) = (folder.path().join("with"), folder.path().join("without"));
    let overrides = ["train.steps=3", "data.transform.sides=\"ignore\""];
    begin(&with, &[&overrides[..], &["captions.gradient=[]"]].concat()).train(&mut StopAfter(u64::MAX)).unwrap();
    begin_experiment(&without, tiny(&overrides)).train(&mut StopAfter(u64::MAX)).unwrap();
    let tokenizer = |run: &Path| {
        let own = |name: &str| name.starts_with("model.") && !name.contains("captions.");
        tensors(&checkpoint(run)).into_iter().filter(|(name, _)| own(name)).collect::<Vec<_>>()
    };
    let (ours, theirs) = (tokenizer(&with), tokenizer(&without));
    assert_eq!(ours.len(), theirs.len());
    for ((name, ours), (other, theirs)) in ours.into_iter().zip(&theirs) {
        assert_eq!(name, *other);
        assert!(ours.equal(theirs), "{name} differs");
    }
}

/// The rest of the experiment is that of the tokenizer, which a resumed run does not need any more.
#[test]
fn translator_for_a_trained_tokenizer_leaves_the_tokenizer_unchanged() {
    let folder = TempDir::new().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    begin_experiment(&first, tiny(&["train.steps=2"])).train(&mut StopAfter(u64::MAX)).unwrap();

    let translator = "name = \"translator\"\ntrain = { steps = 4, ema_decay = 0.9 }\n\
                      [start]\nlearn = \"captions\"\n\
                      [captions]\ntranslator = { width = 16, heads = 2, layers = 1, max_tokens = 12 }";
    let file = ExperimentFile {
        path: write(folder.path(), "translator.toml", translator),
        overrides: vec![format!("start.run={}", toml::Value::String(first.display().to_string()))],
    };
    let experiment = file.load().unwrap().experiment;
    assert_eq!(experiment.data.transform.size, 16);
    begin_experiment(&second, experiment).train(&mut StopAfter(2)).unwrap();
    let moved = folder.path().join("moved");
    std::fs::rename(&first, &moved).unwrap();
    TokenizerRun::resume(RunDir::existing(&second)).unwrap().train(&mut StopAfter(u64::MAX)).unwrap();

    let (before, after) = (tensors(&checkpoint(&moved)), tensors(&checkpoint(&second)));
    for (name, before) in before.iter().filter(|(name, _)| name.starts_with("model.")) {
        let after = &after.iter().find(|(other, _)| other == name).unwrap().1;
        assert!(before.equal(after), "{name} has changed");
    }
    let checkpoint = Checkpoint::open(&checkpoint(&second)).unwrap();
    let state = TokenizerState::load(&checkpoint, tch::Device::Cpu).unwrap();
    assert!(state.captions.is_some());
    let records = records(&second);
    assert!(matches!(records[0], Record::Train { reconstruction: None, codebook: None, .. }), "{:?}", records[0]);
}

#[test]
fn images_without_captions_are_refused() {
    let error = TokenizerPlan::with_images(tiny(&CAPTIONS), slopes()).err().unwrap().to_string();
    assert!(error.contains("expected images with captions for `captions`"), "{error}");
}

#[test]
fn token_grid_too_large_for_the_translator_is_refused() {
    let error = TokenizerPlan::new(tiny(&["captions.translator.max_rows=3"])).err().unwrap().to_string();
    assert!(
        error.contains("`captions.translator`") && error.contains("at least 4") && error.contains("got 3 and 32"),
        "{error}"
    );
}

#[test]
fn missing_tokenizer_to_start_from_is_named() {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "translator.toml", "[start]\nrun = \"nowhere\"\nlearn = \"captions\"");
    let error = ExperimentFile { path, overrides: Vec::new() }.load().unwrap_err().to_string();
    assert!(error.contains("nowhere"), "{error}");
}
