//! Experiments, stores and tokenizers that a generator cannot be trained with.

use std::path::Path;

use tempfile::TempDir;
use vq_experiment::Weights;
use vq_pipeline::Checkpoint;
use vq_run::RunDir;
use vq_train::{GeneratorPlan, GeneratorRun};

use super::{experiment, from_stores, segmentation_condition, stores, tokenizer, train};

#[track_caller]
fn assert_names(error: &dyn std::error::Error, parts: &[&str]) {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing in: {message}");
    }
}

#[test]
fn error_names_key_of_value_out_of_range() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let check = |more: &[&str], parts: &[&str]| match GeneratorPlan::new(experiment(&run, more)) {
        Err(error) => assert_names(&error, parts),
        Ok(_) => panic!("accepted {more:?}"),
    };
    check(&["name=\"a b\""], &["name", "`a b`"]);
    check(&["tokens.batch_size=0"], &["tokens.batch_size", "at least 1"]);
    check(&["samples.count=0"], &["samples.count", "at least 1"]);
    check(&["train.best_by=psnr"], &["train.best_by", "likelihood", "psnr"]);
    check(&["guards.usage={ min_share = 0.5 }"], &["guards.usage", "no codebook"]);
    check(&["generator.transformer.heads=3"], &["heads", "16", "3"]);
    check(&["samples.config.guidance=-1.0"], &["guidance", "-1"]);
    check(&["condition={ kind = \"text\", max_tokens = 1 }"], &["condition.max_tokens", "at least 2", "1"]);
    check(&["condition={ kind = \"class\" }"], &["condition.classes", "a list of classes", "none"]);
    check(&["condition={ kind = \"class\", classes = [\"cat\", \"cat\"] }"], &["condition.classes", "each once"]);
    check(&["tokens.tokenizer.run=nowhere"], &["read checkpoint", "nowhere"]);
    check(&["tokens.source={ kind = \"store\", train = \"no\", validation = \"no\" }"], &["open", "no"]);
}

#[test]
fn ids_of_another_tokenizer_are_refused() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let other = tokenizer(folder.path(), "other", &["seed=1"]);
    let stores = from_stores(&stores(folder.path(), &run, None));
    let hash = |run: &Path| Checkpoint::open(run).unwrap().sha256(Weights::Ema);
    let Err(error) = GeneratorPlan::new(experiment(&other, &[&stores])) else { panic!("accepted") };
    assert_names(&error, &["train.safetensors", &hash(&other), &hash(&run)]);
    let segmentation = segmentation_condition(&other);
    let Err(error) = GeneratorPlan::new(experiment(&run, &[&stores, &segmentation])) else { panic!("accepted") };
    assert_names(&error, &["ids of segmentations", "got none"]);
}

#[test]
fn resume_refuses_another_tokenizer_at_the_recorded_path() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let other = tokenizer(folder.path(), "other", &["seed=1"]);
    let trained = folder.path().join("run");
    train(experiment(&run, &["train.steps=2"]), &trained);
    std::fs::rename(&run, folder.path().join("moved")).unwrap();
    std::fs::rename(&other, &run).unwrap();
    let Err(error) = GeneratorRun::resume(RunDir::existing(&trained)) else { panic!("resumed") };
    assert_names(&error, &["tokenizer", "expected the checkpoint"]);
}
