//! `vqct prior merge`.

use std::path::PathBuf;

use anyhow::Result;
use codebook_prior::PriorGraph;

use crate::output::refuse_existing;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The one prior's file; a word that both have keeps its vector.
    #[arg(value_name = "LEFT")]
    left: PathBuf,
    /// The other's.
    #[arg(value_name = "RIGHT")]
    right: PathBuf,
    /// Keep so many adjectives, the most frequent [default: all].
    #[arg(long, value_name = "N")]
    adjectives: Option<usize>,
    /// Keep so many nouns, the most frequent [default: all].
    #[arg(long, value_name = "N")]
    nouns: Option<usize>,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    refuse_existing(&args.out)?;
    let merged = PriorGraph::open(&args.left)?.merge(&PriorGraph::open(&args.right)?)?;
    let adjectives = args.adjectives.unwrap_or(merged.adjectives().len());
    let cut = merged.cut(adjectives, args.nouns.unwrap_or(merged.nouns().len()))?;
    cut.save(&args.out)?;
    print_line!(
        "{}: {} adjectives, {} nouns, {} edges",
        args.out.display(),
        cut.adjectives().len(),
        cut.nouns().len(),
        cut.edges().len()
    );
    Ok(())
}
