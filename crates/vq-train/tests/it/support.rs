//! What the tests share.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vq_train::{Experiment, ExperimentFile, Record, Watch};

/// A run of seconds: tiny pictures, tiny network.
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
prior = { source = "embedded", adjectives = 20, nouns = 30 }
transfer = { hidden = 8, dropout = 0.5 }
width = 4

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

pub(crate) fn tiny(overrides: &[&str]) -> Experiment {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "tiny.toml", TINY);
    let overrides = overrides.iter().map(|text| (*text).to_owned()).collect();
    ExperimentFile { path, overrides }.load().unwrap()
}

/// Stops after a number of steps.
pub(crate) struct StopAfter(pub(crate) u64);

impl Watch for StopAfter {
    fn step(&mut self, _step: u64) {
        self.0 -= 1;
    }

    fn record(&mut self, _record: &Record) {}

    fn wants_stop(&self) -> bool {
        self.0 == 0
    }
}
