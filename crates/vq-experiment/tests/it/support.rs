//! Experiments that the tests share.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vq_experiment::{ConfigError, Experiment, ExperimentFile, Loaded};

/// A complete experiment with small images and a small network.
pub(crate) const TINY: &str = r#"
name = "tiny"
device = "cpu"

[data]
batch_size = 2
source = { kind = "emoji" }
transform = { size = 16, background = "random", flip = "random" }

[autoencoder]
channels = 32
multipliers = [1, 1, 1]
residual_blocks = 1
attention_factors = []
latent_channels = 8

[quantizer]
kind = "vqct"
prior = { source = "embedded", max_adjectives = 20, max_nouns = 30 }
transfer = { hidden = 8, dropout = 0.5 }
codebook_dim = 4

[schedule]
learning_rate = 1e-3
warmup = 2

[train]
steps = 6
log_every = 1
validate_every = 6
checkpoint_every = 2
"#;

pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The experiment of a text, with overrides.
pub(crate) fn load(text: &str, overrides: &[&str]) -> Result<Loaded<Experiment>, ConfigError> {
    let folder = TempDir::new().unwrap();
    file(write(folder.path(), "experiment.toml", text), overrides).load()
}

pub(crate) fn file(path: PathBuf, overrides: &[&str]) -> ExperimentFile {
    ExperimentFile { path, overrides: overrides.iter().map(|text| (*text).to_owned()).collect() }
}

pub(crate) fn tiny(overrides: &[&str]) -> Experiment {
    load(TINY, overrides).unwrap().experiment
}

/// The folder of the repository's experiments.
pub(crate) fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}
