//! `vqct eval diff`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use vq_study::{Difference, Evaluation, EvaluationDiff};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files that `vqct eval --json` wrote.
    #[arg(required = true, num_args = 2.., value_name = "JSON")]
    evaluations: Vec<PathBuf>,
    /// Accept unequal conditions, and print them above the figures.
    #[arg(long)]
    mark: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let read = |path: &PathBuf| {
        let name = path.display().to_string();
        let json = std::fs::read_to_string(path).with_context(|| format!("read {name}"))?;
        let evaluation = Evaluation::from_json(&name, &json)?;
        Ok((name, evaluation))
    };
    let evaluations = args.evaluations.iter().map(read).collect::<Result<Vec<_>>>()?;
    let diff = EvaluationDiff::of(&evaluations)?;
    if let (Some(Difference { condition, values }), false) = (diff.differences().first(), args.mark) {
        let more = diff.differences().len() - 1;
        bail!(
            "expected evaluations under equal conditions, got {condition}: {} (and {more} more that differ); `--mark` \
             accepts them",
            values.join(" and ")
        );
    }
    print_line!("{diff}");
    Ok(())
}
