//! What the training commands share.

use std::path::PathBuf;

use anyhow::{Result, bail};
use vq_experiment::ExperimentFile;
use vq_run::{RunDir, RunError};

/// Arguments of every training command.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// Override a key of the experiment, such as `--set train.steps=100`; repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// The run folder, which must not exist [default: runs/NAME-001, or the next free number].
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Continue the run of this folder from its last checkpoint, with its own experiment.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["overrides", "out"])]
    resume: Option<PathBuf>,
}

impl RunArgs {
    /// The folder of the run to resume, unless an experiment is given as well.
    pub(super) fn resumed(&self, config: Option<&PathBuf>) -> Result<Option<RunDir>> {
        match (&self.resume, config) {
            (Some(_), Some(config)) => {
                bail!("--resume: expected no `--config`, since the run holds its experiment, got {}", config.display())
            }
            (Some(folder), None) => Ok(Some(RunDir::existing(folder))),
            (None, _) => Ok(None),
        }
    }

    /// The experiment in `config`, with the overrides.
    pub(super) fn experiment(&self, config: PathBuf) -> ExperimentFile {
        ExperimentFile { path: config, overrides: self.overrides.clone() }
    }

    /// Creates the folder of a new run of the experiment `name`.
    pub(super) fn new_folder(&self, name: &str) -> Result<RunDir, RunError> {
        match &self.out {
            Some(folder) => RunDir::exact(folder),
            None => RunDir::numbered("runs".as_ref(), name),
        }
    }
}

/// The command line name of this program, for hints.
pub(super) fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "vqct".into())
}
