// Made checkpoint-v1.safetensors.gz: a checkpoint of version 1, written by the code of vqct 0.1 (commit 57d60fd).
//
// It compiles only with that commit, whose names and keys it uses: the current code cannot write version 1.
// To run it, check that commit out, copy this file to crates/vq-train/examples, then:
//   cargo run -p vq-train --example make_checkpoint_v1 > checkpoint-v1.safetensors
//   gzip -9 -n checkpoint-v1.safetensors
// Each tensor is filled with one number, so that the file is small.

use std::io::Write;

use tch::Device;
use vq_train::{Adam, Checkpoint, CheckpointHeader, ExperimentFile, TokenizerState};

const CONFIG: &str = r#"
name = "version-1"
device = "cpu"
[data]
batch_size = 2
source = { kind = "emoji" }
transform = { size = 16, background = "random", flip = "random" }
[autoencoder]
channels = 32
multipliers = [1]
residual_blocks = 1
attention_factors = []
latent_channels = 8
[quantizer]
kind = "nearest"
codes = 24
width = 4
[schedule]
learning_rate = 1e-3
[train]
steps = 6
log_every = 1
validate_every = 100
checkpoint_every = 3
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir();
    let config = folder.join("version-1.toml");
    std::fs::write(&config, CONFIG)?;
    let experiment = ExperimentFile { path: config, overrides: Vec::new() }.load()?;
    let state = TokenizerState::fresh(&experiment, None, Device::Cpu)?;
    let adam = Adam::new(&state.store, experiment.optimizer.clone());
    let mut tensors: Vec<_> = state.store.variables().into_iter().chain(adam.state()).collect();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    for (number, (_, tensor)) in (1..).zip(&mut tensors) {
        // Small numbers, so that the outputs of the network stay finite.
        let _ = tch::no_grad(|| tensor.fill_(f64::from(number) / 65536.0));
    }
    let path = folder.join("version-1.safetensors");
    Checkpoint::save(&path, &CheckpointHeader { step: 3, experiment }, None, &state.store, &adam)?;
    std::io::stdout().write_all(&std::fs::read(path)?)?;
    Ok(())
}
