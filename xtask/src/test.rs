//! `cargo xtask test`: the tests of all crates.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;

use crate::workspace::Workspace;
use crate::{process, setup};

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct TestArgs {
    /// Passed on to `cargo test --workspace`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, args: &TestArgs) -> Result<()> {
    setup::ensure(workspace)?;
    let mut command = process::cargo(workspace)?;
    command.args(["test", "--workspace"]).args(&args.args);
    process::become_process(&mut command)
}
