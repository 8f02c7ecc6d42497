//! What the tests share.

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin_cmd;

/// A run of seconds.
pub(crate) const TINY: &str = r#"
name = "tiny"
device = "cpu"
[data]
batch_size = 2
source = { kind = "emoji" }
transform = { size = 16, background = { color = [255, 255, 255] } }
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
[train]
steps = 4
log_every = 1
validate_every = 100
checkpoint_every = 1
"#;

/// `vqct` in a folder.
pub(crate) fn vqct(folder: &Path) -> assert_cmd::Command {
    let mut command = cargo_bin_cmd!("vqct");
    command.current_dir(folder);
    command
}

/// The same, for what `assert_cmd` cannot do.
pub(crate) fn raw_vqct(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("vqct"));
    command.current_dir(folder);
    command
}

/// Trains a tiny tokenizer into `folder/run`.
pub(crate) fn train(folder: &Path) {
    std::fs::write(folder.join("tiny.toml"), TINY).unwrap();
    vqct(folder).args(["train", "--config", "tiny.toml", "--out", "run"]).assert().success();
}

/// The standard error of a command that fails.
pub(crate) fn error_of(folder: &Path, arguments: &[&str]) -> String {
    let output = vqct(folder).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.starts_with("error: ") && !text.contains("panicked"), "{text}");
    text
}
