//! `cargo xtask test`: the tests of all crates.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;

use crate::workspace::Workspace;
use crate::{nvrtc, prior, process, setup};

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct TestArgs {
    /// Passed on to `cargo test`; unless they choose packages, all are tested.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, args: &TestArgs) -> Result<()> {
    setup::ensure(workspace)?;
    nvrtc::ensure(workspace)?;
    prior::ensure_model(workspace)?;
    let mut command = process::cargo(workspace)?;
    command.arg("test");
    if !chooses_packages(&args.args) {
        // With everything that the command can do.
        command.args(["--workspace", "--features", "vqct/priors"]);
    }
    command.args(&args.args);
    process::become_process(&mut command)
}

/// Whether the arguments before any `--` select a package; `--workspace` would override it.
fn chooses_packages(args: &[OsString]) -> bool {
    args.iter()
        .map(|arg| arg.to_string_lossy())
        .take_while(|arg| arg != "--")
        .any(|arg| arg.starts_with("-p") || arg.starts_with("--package"))
}
