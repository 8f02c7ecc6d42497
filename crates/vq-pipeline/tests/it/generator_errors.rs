//! Errors of opening a generator, and of conditions that it cannot take.

use tch::Device;
use tempfile::TempDir;
use vq_pipeline::{Checkpoint, Conditioner, GeneratorCheckpoint, GeneratorUse, ImageGenerator};

use crate::support::{from_stores, generator, opened, stores, tokenizer};

#[track_caller]
fn assert_names(error: &dyn std::error::Error, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing in: {message}");
    }
}

/// A tokenizer is recognized by its hash, wherever its checkpoint lies.
#[test]
fn another_tokenizer_is_refused() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let other = tokenizer(folder.path(), "other", &["seed=1"]);
    let checkpoint = generator(folder.path(), "generator", &run, &[]);
    let open = |with: &GeneratorUse| ImageGenerator::open(&checkpoint, with, Device::Cpu);
    let with = GeneratorUse { tokenizer: Some(other.clone()), ..GeneratorUse::default() };
    assert_names(&open(&with).unwrap_err(), &["tokenizer", "other", &checkpoint.header().experiment.tokenizer.sha256]);
    let moved = folder.path().join("moved");
    std::fs::rename(&run, &moved).unwrap();
    let missing = open(&GeneratorUse::default()).unwrap_err();
    assert_names(&missing, &["read checkpoint", &run.display().to_string()]);
    let with = GeneratorUse { tokenizer: Some(moved), ..GeneratorUse::default() };
    assert!(open(&with).is_ok());
    std::fs::rename(&other, &run).unwrap();
    assert_names(&open(&GeneratorUse::default()).unwrap_err(), &["tokenizer", "expected the checkpoint"]);
}

#[test]
fn checkpoint_of_another_format_is_refused() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let checkpoint = generator(folder.path(), "generator", &run, &[]);
    assert_names(&GeneratorCheckpoint::open(&run).unwrap_err(), &["vqct-generator", "vqct-checkpoint"]);
    assert_names(&Checkpoint::open(checkpoint.path()).unwrap_err(), &["vqct-checkpoint", "vqct-generator"]);
}

#[test]
fn unknown_class_is_refused_with_the_most_similar_one() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let classes = "condition={ kind = \"class\", classes = [\"apple\", \"car\", \"cat\", \"star\"] }";
    let generator = opened(&generator(folder.path(), "classes", &run, &[classes]));
    let Conditioner::Class(classes) = &generator.conditioner else { panic!("another condition") };
    let condition = |name: &str| classes.condition(&[name.to_owned()]);
    assert!(condition(&classes.names()[0]).is_ok() && condition("0").is_ok());
    assert_names(&condition("4").unwrap_err(), &["classes by name or number", "`4`"]);
    assert_names(&condition("appel").unwrap_err(), &["such as `apple`", "`appel`"]);
}

#[test]
fn long_text_is_refused_and_unknown_words_are_listed() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let stores = from_stores(&stores(folder.path(), &run, None));
    let text = "condition={ kind = \"text\", max_tokens = 9 }";
    let generator = opened(&generator(folder.path(), "texts", &run, &[&stores, text]));
    let Conditioner::Text(texts) = &generator.conditioner else { panic!("another condition") };
    let long = "a red apple and a blue star and a green car";
    assert_names(&texts.condition(&[long.to_owned()]).unwrap_err(), &["at most 9 tokens", long]);
    assert_eq!(texts.unknown_words("a small zebra").unwrap(), ["zebra"]);
    assert!(texts.unknown_words("a").unwrap().is_empty());
    // An empty text is no condition.
    assert!(texts.condition(&[String::new(), "  ".to_owned()]).is_ok());
}
