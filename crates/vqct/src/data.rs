//! `vqct data`: images and captions, before any training.

mod bar;
mod check;
mod pack;
mod show;
mod source;

use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Read all of a data set and summarize it; fails if a sample is damaged.
    Check(check::Args),
    /// Write any data set as WebDataset shards at one size, with a manifest.
    Pack(pack::Args),
    /// Draw some samples with their captions.
    Show(show::Args),
}

pub(crate) fn run(command: &DataCommand) -> Result<()> {
    match command {
        DataCommand::Check(args) => check::run(args),
        DataCommand::Pack(args) => pack::run(args),
        DataCommand::Show(args) => show::run(args),
    }
}
