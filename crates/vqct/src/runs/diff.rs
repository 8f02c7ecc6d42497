//! `vqct runs diff`.

use std::path::PathBuf;

use anyhow::Result;
use vq_report::{KeyRow, RunContents, RunDiff};
use vq_run::RunDir;

use super::table::Table;
use crate::output::{chain, refuse_existing};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run folders.
    #[arg(value_name = "RUN", required = true, num_args = 2..)]
    runs: Vec<PathBuf>,
    /// Also write a page with the curves of all runs, which must not exist.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    args.html.as_deref().map_or(Ok(()), refuse_existing)?;
    let mut runs = Vec::new();
    for folder in &args.runs {
        match RunContents::read(&RunDir::existing(folder)) {
            Ok(run) => runs.push(run),
            Err(error) => eprintln!("skipped {}: {}", folder.display(), chain(&error.into())),
        }
    }
    anyhow::ensure!(runs.len() >= 2, "runs diff: expected at least two run folders, got {}", runs.len());
    let diff = RunDiff { runs };
    let names: Vec<&str> = diff.runs.iter().map(|run| run.name.as_str()).collect();
    print_line!("{}", table("", &names, &diff.figures()));
    let differing = diff.differing_keys();
    match differing.is_empty() {
        true => print_line!("\nno key of the configurations differs"),
        false => print_line!("\n{}", table("key", &names, &differing)),
    }
    if let Some(path) = &args.html {
        diff.write(path)?;
        print_line!("\n{}", path.display());
    }
    Ok(())
}

fn table(corner: &str, names: &[&str], rows: &[KeyRow]) -> Table {
    let mut table = Table::new(&[&[corner], names].concat());
    for row in rows {
        let values = row.values.iter().map(|value| value.clone().unwrap_or_else(|| "–".into()));
        table.push(std::iter::once(row.key.clone()).chain(values).collect());
    }
    table
}
