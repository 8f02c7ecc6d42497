//! `cargo xtask train`: from a fresh clone to a trained tokenizer.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;

use crate::workspace::Workspace;
use crate::{process, setup};

/// The arguments if none are given.
const DEFAULT: [&str; 2] = ["--config", "configs/scenes/vqct-vlt.toml"];

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct TrainArgs {
    /// Passed on to `vqct train`, seen from the folder you are in; none: the default experiment.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, args: &TrainArgs) -> Result<()> {
    setup::ensure(workspace)?;
    let mut command = process::cargo(workspace)?;
    // `cargo run` becomes the binary once it is built, as this process becomes `cargo run`.
    command.args(["run", "--release", "--package", "vqct", "--", "train"]);
    if args.args.is_empty() {
        command.args(DEFAULT).current_dir(workspace.root());
    } else {
        command.args(&args.args);
    }
    process::become_process(&mut command)
}
