//! `vqct runs`: what there is, how runs differ, and their pages.

mod compare;
mod list;
mod table;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use vq_train::RunDir;
use vq_train::report::RunReport;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<RunsCommand>,
    #[command(flatten)]
    list: list::ListArgs,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// Show the last figures of runs side by side, and the keys of their configurations that differ.
    Compare(compare::Args),
    /// Make a run's report.html anew, from the files of its folder.
    Report(ReportArgs),
}

#[derive(Debug, clap::Args)]
struct ReportArgs {
    /// The run folder.
    #[arg(value_name = "RUN")]
    run: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.command {
        None => list::run(&args.list),
        Some(RunsCommand::Compare(args)) => compare::run(args),
        Some(RunsCommand::Report(args)) => {
            let path = RunReport::write(&RunDir::existing(&args.run))?;
            say!("{}", path.display());
            Ok(())
        }
    }
}
