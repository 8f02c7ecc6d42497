//! Tasks of this workspace, run as `cargo xtask <TASK>`.
//!
//! Thin by intent: it finds, checks and starts things, and needs no libtorch itself.
//! A task ends by becoming the process it starts, so that signals and exit codes pass through untouched.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints for people")]

mod ci;
mod data;
mod debian;
mod language;
mod libtorch;
mod nvrtc;
mod pip;
mod prior;
mod process;
mod setup;
mod test;
mod train;
mod wheels;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Tasks of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs libtorch, so that plain cargo commands work without environment variables.
    Setup(setup::SetupArgs),
    /// Trains the default experiment, or another with the arguments of `vqct train`.
    Train(train::TrainArgs),
    /// Runs the tests of all crates.
    Test(test::TestArgs),
    /// Remakes the embedded images.
    #[command(subcommand)]
    Data(data::DataTask),
    /// Remakes the embedded codebook prior.
    Prior(prior::PriorArgs),
    /// Remakes the embedded language of captions.
    Language(language::LanguageArgs),
    /// Runs every check that a change must pass.
    Ci,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workspace = Workspace::find();
    let result = match &cli.task {
        Task::Setup(args) => setup::run(&workspace, args),
        Task::Train(args) => train::run(&workspace, args),
        Task::Test(args) => test::run(&workspace, args),
        Task::Data(task) => data::run(&workspace, task),
        Task::Prior(args) => prior::run(&workspace, args),
        Task::Language(args) => language::run(&workspace, args),
        Task::Ci => ci::run(&workspace),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
