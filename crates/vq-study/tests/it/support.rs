//! What the tests share: runs of seconds.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vq_experiment::{Experiment, ExperimentFile};
use vq_pipeline::Checkpoint;
use vq_run::RunDir;
use vq_train::{TokenizerPlan, TokenizerRun, TokenizerValidation, TrainingObserver};

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

/// Plain VQ, which needs no words: quicker than [`tiny`].
const PLAIN: [&str; 4] =
    ["quantizer.kind=vq", "quantizer.codebook_size=24", "quantizer.codebook_dim=4", "train.validate_every=100"];

/// Sees a run without stopping it.
pub(crate) struct Unattended;

impl TrainingObserver for Unattended {}

pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

pub(crate) fn tiny(overrides: &[&str]) -> Experiment {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "tiny.toml", TINY);
    let overrides = overrides.iter().map(|text| (*text).to_owned()).collect();
    ExperimentFile { path, overrides }.load().unwrap().experiment
}

/// [`PLAIN`] and more overrides.
pub(crate) fn plain(overrides: &[&str]) -> Experiment {
    tiny(&[&PLAIN, overrides].concat())
}

/// Trains a tokenizer to the end into the folder `run`; gives its checkpoint and its last validation, if it has one.
pub(crate) fn train(experiment: Experiment, run: &Path) -> (Checkpoint, Option<TokenizerValidation>) {
    let mut trained = TokenizerRun::begin(TokenizerPlan::new(experiment).unwrap(), || RunDir::exact(run)).unwrap();
    let validation = trained.train(&mut Unattended).unwrap().validation;
    (Checkpoint::open(run).unwrap(), validation)
}
