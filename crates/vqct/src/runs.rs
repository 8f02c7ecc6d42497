//! `vqct runs`: lists, differences and reports of runs.

mod diff;
mod list;
mod table;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use vq_report::RunReport;
use vq_run::RunDir;

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
    Diff(diff::Args),
    /// Write a run's report.html again, from the files of its folder.
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
        Some(RunsCommand::Diff(args)) => diff::run(args),
        Some(RunsCommand::Report(args)) => {
            let path = RunReport::write(&RunDir::existing(&args.run))?;
            print_line!("{}", path.display());
            Ok(())
        }
    }
}
