//! Each mistake gets one clear line.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{TINY, error_of, train};

fn train_error(folder: &Path, config: &str, overrides: &[&str]) -> String {
    std::fs::write(folder.join("odd.toml"), config).unwrap();
    let mut arguments = vec!["train", "--config", "odd.toml"];
    overrides.iter().for_each(|text| arguments.extend(["--set", text]));
    let error = error_of(folder, &arguments);
    assert!(!folder.join("runs").exists(), "a run folder was made for nothing");
    error
}

#[test]
fn configurations() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let error = error_of(folder, &["train", "--config", "absent.toml"]);
    assert!(error.contains("absent.toml: No such file"), "{error}");
    let error = train_error(folder, &TINY.replace("steps", "stepz"), &[]);
    assert!(error.contains("odd.toml") && error.contains("`train.stepz`"), "{error}");
    assert!(error.contains("did you mean `steps`?"), "{error}");
    let error = train_error(folder, TINY, &["train.steps=soon"]);
    assert!(error.contains("`train.steps`: invalid type: string \"soon\", expected u64"), "{error}");
    let error = train_error(folder, TINY, &["quantizer.prior.embedding_dim=768"]);
    assert!(error.contains("expected the width of the embeddings of the embedded prior, 384, got 768"), "{error}");
    let error = train_error(folder, TINY, &["quantizer.prior.source={file='none.safetensors'}"]);
    assert!(error.contains("none.safetensors"), "{error}");
    let error = train_error(folder, TINY, &["device=cuda:99"]);
    assert!(error.contains("got cuda:99"), "{error}");
}

#[test]
fn images_and_checkpoints() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    train(folder);
    let reconstruct = |image: &str| error_of(folder, &["reconstruct", "--checkpoint", "run", "--out", "out", image]);

    std::fs::write(folder.join("text.png"), "this is no picture").unwrap();
    std::fs::write(folder.join("empty.png"), "").unwrap();
    for image in ["text.png", "empty.png", "absent.png"] {
        let error = reconstruct(image);
        assert!(error.contains(image), "{error}");
        assert!(!folder.join("out").join(image).exists(), "half a result was left");
    }
    let error = reconstruct("emoji:no such thing");
    assert!(error.contains("`no such thing`"), "{error}");
    let error =
        error_of(folder, &["reconstruct", "--checkpoint", "run", "--out", "out", "--size", "18", "emoji:red apple"]);
    assert!(error.contains("a multiple of 4, the tokenizer's factor, got 18"), "{error}");

    let bytes = std::fs::read(folder.join("run/checkpoint.safetensors")).unwrap();
    std::fs::write(folder.join("cut.safetensors"), &bytes[..bytes.len() / 3]).unwrap();
    let error =
        error_of(folder, &["reconstruct", "--checkpoint", "cut.safetensors", "--out", "out2", "emoji:red apple"]);
    assert!(error.contains("cut.safetensors: expected a whole safetensors file"), "{error}");

    let error = error_of(folder, &["train", "--config", "tiny.toml", "--out", "run"]);
    assert!(error.contains("run folder run exists already"), "{error}");
    assert_eq!(std::fs::read(folder.join("run/checkpoint.safetensors")).unwrap(), bytes);
}
