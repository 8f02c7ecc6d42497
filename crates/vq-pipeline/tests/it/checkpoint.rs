//! Checkpoints of tokenizers: what is written is loaded, and damaged files are refused.

use std::path::Path;

use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use vq_core::Mode;
use vq_file::FileError;
use vq_pipeline::{Checkpoint, PipelineError, TokenizerState};

use crate::support::{saved, tiny};

/// The message of the error that names the file.
fn refused(path: &Path) -> String {
    let error = Checkpoint::open(path).unwrap_err();
    assert!(matches!(error, PipelineError::File(FileError::Format { what: "checkpoint", .. })), "{error}");
    assert!(error.to_string().contains(&path.display().to_string()));
    error.to_string()
}

#[test]
fn loaded_tokenizer_equals_saved_one() {
    let folder = TempDir::new().unwrap();
    let learned = ["quantizer.kind=grouped", "quantizer.codebook_sizes=[20, 30]", "quantizer.codebook_dim=4"];
    for overrides in [&[][..], &learned[..]] {
        let experiment = tiny(overrides);
        let (path, state) = saved(folder.path(), &experiment);
        let checkpoint = Checkpoint::open(&path).unwrap();
        assert_eq!(checkpoint.header().experiment, experiment);
        let loaded = TokenizerState::load(&checkpoint, Device::Cpu).unwrap();
        let images = Tensor::arange(3 * 16 * 16, (Kind::Float, Device::Cpu)).view([1, 3, 16, 16]).sin();
        let ids = state.tokenizer.encode(&images).unwrap();
        assert!(loaded.tokenizer.encode(&images).unwrap().equal(&ids));
        let [ours, theirs] = [&loaded, &state].map(|s| s.tokenizer.reconstruct(&images, Mode::Eval).unwrap().images);
        assert!(ours.equal(&theirs));
        assert_eq!(loaded.prior, state.prior);
        let noun = ids.get(0).get(0).get(0).int64_value(&[2]);
        assert_eq!(loaded.word(noun), state.word(noun));
        assert_eq!(loaded.word(noun).is_some(), overrides.is_empty());
    }
}

#[test]
fn truncated_checkpoint_is_refused() {
    let folder = TempDir::new().unwrap();
    let (path, _) = saved(folder.path(), &tiny(&[]));
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(refused(&path).contains(&format!("expected a whole safetensors file, got {length} bytes")));
    }
}

#[test]
fn another_format_version_or_key_is_refused() {
    let folder = TempDir::new().unwrap();
    let (path, _) = saved(folder.path(), &tiny(&[]));
    let bytes = std::fs::read(&path).unwrap();
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "the length of the header must not change");
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&path, bytes).unwrap();
        refused(&path)
    };
    assert!(replaced("\"vqct-checkpoint\"", "\"else-checkpoint\"").contains("expected format `vqct-checkpoint`"));
    assert!(replaced("\"version\":\"2\"", "\"version\":\"9\"").ends_with("expected version 1 or 2, got 9"));
    assert!(replaced("latent_channels", "latent_channelz").contains("latent_channelz"));
}

#[test]
fn missing_parameter_is_named() {
    let folder = TempDir::new().unwrap();
    let (path, _) = saved(folder.path(), &tiny(&[]));
    let mut bytes = std::fs::read(&path).unwrap();
    let name = b"model.encoder.conv_in.bias";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at..at + name.len()].copy_from_slice(b"model.encoder.conv_in.mist");
    std::fs::write(&path, bytes).unwrap();
    let error = TokenizerState::load(&Checkpoint::open(&path).unwrap(), Device::Cpu).unwrap_err().to_string();
    assert!(error.ends_with("expected tensor `model.encoder.conv_in.bias`, F32 [32], got none"), "{error}");
}
