//! `vqct prior`: codebooks of words, before any training.

#[cfg(feature = "priors")]
mod build;
mod diff;
mod drawing;
mod inspect;
mod merge;

use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum PriorCommand {
    /// Build a prior from captions and a language model (only with the feature `priors`).
    #[cfg(feature = "priors")]
    Build(build::Args),
    /// Show what a prior holds: words, edges, components, where it comes from; or one word and its neighbours.
    Inspect(inspect::Args),
    /// Show how two priors differ.
    Diff(diff::Args),
    /// Join the words and edges of two priors of one language model.
    Merge(merge::Args),
}

pub(crate) fn run(command: &PriorCommand) -> Result<()> {
    match command {
        #[cfg(feature = "priors")]
        PriorCommand::Build(args) => build::run(args),
        PriorCommand::Inspect(args) => inspect::run(args),
        PriorCommand::Diff(args) => diff::run(args),
        PriorCommand::Merge(args) => merge::run(args),
    }
}
