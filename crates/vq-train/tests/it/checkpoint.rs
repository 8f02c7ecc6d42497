use std::path::{Path, PathBuf};

use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use vq_core::Mode;
use vq_train::{Adam, Checkpoint, CheckpointContents, CheckpointHeader, Experiment, TokenizerState, TrainError};

use crate::support::tiny;

fn saved(folder: &Path, experiment: &Experiment) -> (PathBuf, TokenizerState) {
    let prior = experiment.quantizer.load_prior().unwrap();
    let state = TokenizerState::fresh(experiment, prior, Device::Cpu).unwrap();
    let path = folder.join("checkpoint.safetensors");
    save(&path, experiment, &state).unwrap();
    (path, state)
}

fn save(path: &Path, experiment: &Experiment, state: &TokenizerState) -> Result<(), TrainError> {
    let header = CheckpointHeader::fresh(experiment.clone());
    let adam = Adam::new(&state.store, experiment.optimizer.clone())?;
    let contents = CheckpointContents {
        language: None,
        header: &header,
        prior: state.prior.as_ref(),
        store: &state.store,
        adversary: None,
        optimizers: &[("tokenizer", &adam)],
        average: None,
        usage: None,
    };
    Checkpoint::save(path, &contents)
}

fn refused(path: &Path) -> String {
    let error = Checkpoint::open(path).unwrap_err();
    assert!(matches!(error, TrainError::Checkpoint { .. }), "{error}");
    assert!(error.to_string().contains(&path.display().to_string()));
    error.to_string()
}

#[test]
fn a_tokenizer_comes_back_with_its_words() {
    let folder = TempDir::new().unwrap();
    let learned = ["quantizer.kind=grouped", "quantizer.adjectives=20", "quantizer.nouns=30", "quantizer.width=4"];
    for overrides in [&[][..], &learned[..]] {
        let experiment = tiny(overrides);
        let (path, state) = saved(folder.path(), &experiment);
        let checkpoint = Checkpoint::open(&path).unwrap();
        assert_eq!(checkpoint.header().experiment, experiment);
        let restored = TokenizerState::restore(&checkpoint, Device::Cpu).unwrap();
        let images = Tensor::arange(3 * 16 * 16, (Kind::Float, Device::Cpu)).view([1, 3, 16, 16]).sin();
        let ids = state.tokenizer.encode(&images).unwrap();
        assert!(restored.tokenizer.encode(&images).unwrap().equal(&ids));
        let [ours, theirs] = [&restored, &state].map(|s| s.tokenizer.reconstruct(&images, Mode::Eval).unwrap().images);
        assert!(ours.equal(&theirs));
        assert_eq!(restored.prior, state.prior);
        let noun = ids.get(0).get(0).get(0).int64_value(&[2]);
        assert_eq!(restored.word(noun), state.word(noun));
        assert_eq!(restored.word(noun).is_some(), overrides.is_empty());
    }
}

#[test]
fn a_truncated_checkpoint_is_refused() {
    let folder = TempDir::new().unwrap();
    let (path, _) = saved(folder.path(), &tiny(&[]));
    let bytes = std::fs::read(&path).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(refused(&path).contains(&format!("expected a whole safetensors file, got {length} bytes")));
    }
}

#[test]
fn another_format_or_version_is_refused() {
    let folder = TempDir::new().unwrap();
    let (path, _) = saved(folder.path(), &tiny(&[]));
    let bytes = std::fs::read(&path).unwrap();
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "the header's length must stay");
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
fn a_missing_parameter_is_named() {
    let folder = TempDir::new().unwrap();
    let (path, _) = saved(folder.path(), &tiny(&[]));
    let mut bytes = std::fs::read(&path).unwrap();
    let name = b"model.encoder.conv_in.bias";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at..at + name.len()].copy_from_slice(b"model.encoder.conv_in.mist");
    std::fs::write(&path, bytes).unwrap();
    let error = TokenizerState::restore(&Checkpoint::open(&path).unwrap(), Device::Cpu).unwrap_err().to_string();
    assert!(error.ends_with("expected tensor `model.encoder.conv_in.bias`, F32 [32], got none"), "{error}");
}
