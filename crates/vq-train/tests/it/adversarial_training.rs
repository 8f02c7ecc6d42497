//! The discriminator in a run.

use std::path::Path;

use tch::Tensor;
use tempfile::TempDir;
use vq_train::{Record, RunDir, Trainer};

use crate::support::{StopAfter, plain, plan, records, tensors};

/// From the third step on the discriminator learns, from the fifth its word counts.
const GAME: [&str; 6] = [
    "adversarial.start=4",
    "adversarial.warmup=2",
    "adversarial.ramp=2",
    "adversarial.discriminator={ kind = \"patch\", layers = 1, filters = 4 }",
    "adversarial.lecam={ weight = 0.01, start = 4 }",
    "adversarial.r1={ gamma = 1.0, every = 3 }",
];

fn trainer(run: &Path, overrides: &[&str]) -> Trainer {
    Trainer::begin(plan(plain(&[&GAME, overrides].concat())), || RunDir::exact(run)).unwrap()
}

fn finished(run: &Path, overrides: &[&str]) {
    trainer(run, overrides).run(&mut StopAfter(u64::MAX)).unwrap();
}

/// The named terms of each step.
fn terms(run: &Path) -> Vec<Vec<String>> {
    let terms = |record| match record {
        Record::Train { terms, .. } => Some(terms.into_keys().collect()),
        _ => None,
    };
    records(run).into_iter().filter_map(terms).collect()
}

fn named(run: &Path, prefix: &str) -> Vec<(String, Tensor)> {
    tensors(&run.join("checkpoint.safetensors")).into_iter().filter(|(name, _)| name.starts_with(prefix)).collect()
}

#[test]
fn each_side_is_computed_once_it_counts() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    finished(&run, &[]);
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
fn up_to_its_start_the_tokenizer_learns_as_without() {
    let folder = TempDir::new().unwrap();
    let (with, without) = (folder.path().join("with"), folder.path().join("without"));
    finished(&with, &["train.steps=4"]);
    Trainer::begin(plan(plain(&["train.steps=4"])), || RunDir::exact(&without))
        .unwrap()
        .run(&mut StopAfter(u64::MAX))
        .unwrap();
    for ((name, ours), (_, theirs)) in named(&with, "model.").iter().zip(&named(&without, "model.")) {
        assert!(ours.equal(theirs), "{name} differs");
    }
    let later = folder.path().join("later");
    finished(&later, &["train.steps=5"]);
    let without = folder.path().join("without 5");
    Trainer::begin(plan(plain(&["train.steps=5"])), || RunDir::exact(&without))
        .unwrap()
        .run(&mut StopAfter(u64::MAX))
        .unwrap();
    let moved =
        |run: &Path| Tensor::cat(&named(run, "model.").iter().map(|(_, t)| t.reshape(-1)).collect::<Vec<_>>(), 0);
    assert!(!moved(&later).equal(&moved(&without)), "the discriminator has no word");
}

#[test]
fn a_stopped_run_goes_on_with_its_discriminator() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    let more = ["train.steps=8", "train.accumulate=2", "train.ema=0.9"];
    finished(&whole, &more);
    for stop in [3, 6] {
        match stop {
            3 => trainer(&cut, &more).run(&mut StopAfter(3)).unwrap(),
            _ => resumed(&cut).run(&mut StopAfter(stop)).unwrap(),
        };
    }
    resumed(&cut).run(&mut StopAfter(u64::MAX)).unwrap();
    let (ours, theirs) = (named(&cut, ""), named(&whole, ""));
    assert!(ours.iter().any(|(name, _)| name.starts_with("adversary.discriminator.main.")));
    assert!(ours.iter().any(|(name, _)| name.starts_with("adversary.lecam.")));
    assert!(ours.iter().any(|(name, _)| name.starts_with("optimizer.discriminator.first.main.")));
    assert_eq!(ours.len(), theirs.len());
    for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        assert!(ours.equal(theirs), "{name} differs");
    }
}

fn resumed(run: &Path) -> Trainer {
    let [train, validation] = crate::support::slopes();
    Trainer::resume_with_images(RunDir::existing(run), train, validation).unwrap()
}

#[test]
fn images_that_the_discriminator_cannot_judge_are_refused() {
    let large = plain(&["adversarial.discriminator={ kind = \"spectral\", layers = 3, filters = 4 }"]);
    let [train, validation] = crate::support::slopes();
    let error = vq_train::Plan::with_images(large, train, validation).err().unwrap().to_string();
    assert_eq!(error, "config `data.transform.size`: expected at least 24, which the discriminator needs, got 16");
}
