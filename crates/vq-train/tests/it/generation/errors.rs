//! What a generator cannot be trained with, or asked for.

use std::path::Path;

use tch::Device;
use tempfile::TempDir;
use vq_train::{
    Checkpoint, Conditioner, ExperimentFile, GeneratorCheckpoint, GeneratorPlan, GeneratorTrainer, GeneratorUse,
    ImageGenerator, RunDir,
};

use super::{TINY, experiment, open, stored, stores, tokenizer, train};
use crate::support::write;

#[track_caller]
fn says(error: &dyn std::error::Error, parts: &[&str]) {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    for part in parts {
        assert!(told.contains(part), "{part:?} is missing in: {told}");
    }
}

#[test]
fn senseless_experiments_are_refused() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let check = |more: &[&str], parts: &[&str]| match GeneratorPlan::resolve(experiment(&run, more)) {
        Err(error) => says(&error, parts),
        Ok(_) => panic!("accepted {more:?}"),
    };
    check(&["name=\"a b\""], &["name", "`a b`"]);
    check(&["tokens.batch_size=0"], &["tokens.batch_size", "at least 1"]);
    check(&["samples.count=0"], &["samples.count", "at least 1"]);
    check(&["train.best_by=psnr"], &["train.best_by", "likelihood", "psnr"]);
    check(&["guards.usage={ least = 0.5 }"], &["guards.usage", "chooses no codes"]);
    check(&["generator.transformer.heads=3"], &["heads", "16", "3"]);
    check(&["samples.config.guidance=-1.0"], &["guidance", "-1"]);
    check(&["condition={ kind = \"text\", max_tokens = 1 }"], &["condition.max_tokens", "at least 2", "1"]);
    check(&["condition={ kind = \"class\" }"], &["condition.classes", "a list of classes", "none"]);
    check(&["condition={ kind = \"class\", classes = [\"cat\", \"cat\"] }"], &["condition.classes", "each once"]);
    check(&["tokens.tokenizer.run=nowhere"], &["read checkpoint", "nowhere"]);
    check(&["tokens.source={ kind = \"store\", train = \"no\", validation = \"no\" }"], &["open", "no"]);
}

#[test]
fn unknown_keys_are_named() {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "generator.toml", &TINY.replace("[samples]", "[sampels]"));
    let overrides = vec!["tokens.tokenizer.run=x".to_owned()];
    says(&ExperimentFile { path, overrides }.load_generator().unwrap_err(), &["generator.toml", "sampels", "samples"]);
}

#[test]
fn ids_of_another_tokenizer_are_refused() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let other = tokenizer(folder.path(), "other", &["seed=1"]);
    let stores = stored(&stores(folder.path(), &run, None));
    let hash =
        |run: &Path| Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap().sha256(vq_train::Weights::Ema);
    let Err(error) = GeneratorPlan::resolve(experiment(&other, &[&stores])) else { panic!("accepted") };
    says(&error, &["train.safetensors", &hash(&other), &hash(&run)]);
    let segmentation = format!(
        "condition={{ kind = \"segmentation\", tokenizer = {{ run = {} }} }}",
        toml::Value::String(other.display().to_string())
    );
    let Err(error) = GeneratorPlan::resolve(experiment(&run, &[&stores, &segmentation])) else { panic!("accepted") };
    says(&error, &["ids of segmentations", "got none"]);
}

/// A tokenizer that has changed since is not taken for the one that a generator was trained with.
#[test]
fn another_tokenizer_is_refused() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let other = tokenizer(folder.path(), "other", &["seed=1"]);
    let place = folder.path().join("run");
    train(experiment(&run, &["train.steps=2"]), &place);
    let checkpoint = GeneratorCheckpoint::open(&place.join("checkpoint.safetensors")).unwrap();
    let with = GeneratorUse { tokenizer: Some(other.clone()), ..GeneratorUse::default() };
    let error = ImageGenerator::open(&checkpoint, &with, Device::Cpu).unwrap_err();
    says(&error, &["tokenizer", "other", &checkpoint.header().experiment.tokenizer.sha256]);
    let moved = folder.path().join("moved");
    std::fs::rename(&run, &moved).unwrap();
    says(&ImageGenerator::open(&checkpoint, &GeneratorUse::default(), Device::Cpu).unwrap_err(), &["tokenizer"]);
    let with = GeneratorUse { tokenizer: Some(moved), ..GeneratorUse::default() };
    assert!(ImageGenerator::open(&checkpoint, &with, Device::Cpu).is_ok());
    std::fs::rename(&other, &run).unwrap();
    let Err(error) = GeneratorTrainer::resume(RunDir::existing(&place)) else { panic!("resumed") };
    says(&error, &["tokenizer", "expected the checkpoint"]);
}

#[test]
fn a_checkpoint_of_another_kind_is_named() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let place = folder.path().join("run");
    train(experiment(&run, &["train.steps=1"]), &place);
    let (of_tokenizer, of_generator) = (run.join("checkpoint.safetensors"), place.join("checkpoint.safetensors"));
    says(&GeneratorCheckpoint::open(&of_tokenizer).unwrap_err(), &["vqct-generator", "vqct-checkpoint"]);
    says(&Checkpoint::open(&of_generator).unwrap_err(), &["vqct-checkpoint", "vqct-generator"]);
}

#[test]
fn senseless_wishes_are_refused() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let stores = stored(&stores(folder.path(), &run, None));
    let (texts, classes) = (folder.path().join("texts"), folder.path().join("classes"));
    train(experiment(&run, &[&stores, "condition={ kind = \"text\", max_tokens = 9 }", "train.steps=1"]), &texts);
    train(experiment(&run, &[&stores, "condition={ kind = \"class\" }", "train.steps=1"]), &classes);
    let (texts, classes) = (open(&texts), open(&classes));
    let Conditioner::Class(known) = &classes.conditioner else { panic!("another condition") };
    assert!(known.names().len() >= 2, "{:?}", known.names());
    let wanted = |name: &str| known.condition(&[name.to_owned()]);
    assert!(wanted(&known.names()[0]).is_ok() && wanted("0").is_ok());
    says(&wanted("4").unwrap_err(), &["classes by name or number", "`4`"]);
    says(&wanted("appel").unwrap_err(), &["such as `apple`", "`appel`"]);
    let Conditioner::Text(known) = &texts.conditioner else { panic!("another condition") };
    let long = "a red apple and a blue star and a green car";
    says(&known.condition(&[long.to_owned()]).unwrap_err(), &["at most 9 tokens", long]);
    assert_eq!(known.unknown_words("a small zebra").unwrap(), ["zebra"]);
    assert!(known.unknown_words("a").unwrap().is_empty());
    // An empty text asks for nothing.
    assert!(known.condition(&[String::new(), "  ".to_owned()]).is_ok());
}
