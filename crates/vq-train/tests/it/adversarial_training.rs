//! Training with a discriminator.

use std::path::Path;

use tch::Tensor;
use tempfile::TempDir;
use vq_experiment::Experiment;
use vq_run::Record;
use vq_train::TokenizerPlan;

use crate::support::{StopAfter, assert_equal, begun, finished, plain, records, resumed, slopes, tensors};

/// The discriminator is trained from the third step on; its term is part of the loss from the fifth.
const ADVERSARIAL: [&str; 6] = [
    "adversarial.start=4",
    "adversarial.warmup=2",
    "adversarial.ramp=2",
    "adversarial.discriminator={ kind = \"patch\", layers = 1, filters = 4 }",
    "adversarial.lecam={ weight = 0.01, start = 4 }",
    "adversarial.r1={ gamma = 1.0, every = 3 }",
];

/// A small experiment with a discriminator.
fn adversarial(overrides: &[&str]) -> Experiment {
    plain(&[&ADVERSARIAL, overrides].concat())
}

/// The named terms of each step.
fn terms(run: &Path) -> Vec<Vec<String>> {
    let terms = |record| match record {
        Record::Train { terms, .. } => Some(terms.into_keys().collect()),
        _ => None,
    };
    records(run).into_iter().filter_map(terms).collect()
}

/// The tensors of the last checkpoint whose names begin with `prefix`.
fn named(run: &Path, prefix: &str) -> Vec<(String, Tensor)> {
    tensors(&run.join("checkpoint.safetensors")).into_iter().filter(|(name, _)| name.starts_with(prefix)).collect()
}

#[test]
fn each_side_is_computed_from_its_start_on() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    finished(&run, adversarial(&[]));
    let terms = terms(&run);
    assert_eq!(terms[..2], [Vec::<String>::new(), Vec::new()]);
    let learning = ["discriminator", "discriminator_gradient_norm", "logits_fake", "logits_real"];
    assert_eq!(terms[2], [&learning[..], &["r1"]].concat());
    assert_eq!(terms[3], learning);
    let both = ["adaptive_weight", "adversarial", "discriminator", "discriminator_gradient_norm", "lecam"];
    assert_eq!(terms[4], [&both[..], &["logits_fake", "logits_real"]].concat());
    assert_eq!(terms[5], [&both[..], &["logits_fake", "logits_real", "r1"]].concat());
}

#[test]
fn tokenizer_before_adversarial_start_equals_plain_training() {
    let folder = TempDir::new().unwrap();
    let trained = |steps: &str, with: bool| {
        let run = folder.path().join(format!("{steps} {with}"));
        finished(&run, if with { adversarial(&[steps]) } else { plain(&[steps]) });
        named(&run, "model.")
    };
    let (with, without) = (trained("train.steps=4", true), trained("train.steps=4", false));
    assert_eq!(with.len(), without.len());
    for ((name, ours), (_, theirs)) in with.iter().zip(&without) {
        assert!(ours.equal(theirs), "{name} differs");
    }
    let flat = |tensors: &[(String, Tensor)]| {
        Tensor::cat(&tensors.iter().map(|(_, tensor)| tensor.reshape(-1)).collect::<Vec<_>>(), 0)
    };
    let (with, without) = (trained("train.steps=5", true), trained("train.steps=5", false));
    assert!(!flat(&with).equal(&flat(&without)), "the adversarial term has no effect after its start");
}

#[test]
fn resumed_run_with_discriminator_equals_uninterrupted_run() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let experiment = adversarial(&["train.steps=8", "train.accumulate=2", "train.ema_decay=0.9"]);
    finished(&whole, experiment.clone());
    begun(&cut, experiment).train(&mut StopAfter(3)).unwrap();
    resumed(&cut).train(&mut StopAfter(6)).unwrap();
    resumed(&cut).train(&mut StopAfter(u64::MAX)).unwrap();
    for prefix in ["adversary.discriminator.main.", "adversary.lecam.", "optimizer.discriminator.first.main."] {
        assert!(!named(&cut, prefix).is_empty(), "no tensor {prefix}*");
    }
    assert_equal(&cut.join("checkpoint.safetensors"), &whole.join("checkpoint.safetensors"));
}

#[test]
fn images_too_small_for_the_discriminator_are_refused() {
    let large = plain(&["adversarial.discriminator={ kind = \"spectral\", layers = 3, filters = 4 }"]);
    let error = TokenizerPlan::with_images(large, slopes()).err().unwrap().to_string();
    assert_eq!(error, "config `data.transform.size`: expected at least 24, which the discriminator needs, got 16");
}
