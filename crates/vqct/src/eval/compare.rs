//! `vqct eval compare`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use vq_train::{Difference, Evaluation, EvaluationComparison};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files that `vqct eval --json` wrote.
    #[arg(required = true, num_args = 2.., value_name = "JSON")]
    evaluations: Vec<PathBuf>,
    /// Show them all the same if they were made under other conditions, with these above the figures.
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
    let comparison = EvaluationComparison::of(&evaluations)?;
    if let (Some(Difference { condition, values }), false) = (comparison.differences().first(), args.mark) {
        let more = comparison.differences().len() - 1;
        bail!(
            "expected evaluations under equal conditions, got {condition}: {} (and {more} more that differ); `--mark` \
             shows them all the same",
            values.join(" and ")
        );
    }
    say!("{comparison}");
    Ok(())
}
