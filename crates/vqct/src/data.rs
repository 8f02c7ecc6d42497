//! `vqct data`: images and captions, before any training.

mod check;
mod pack;
mod show;
mod source;

use anyhow::Result;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Read all of a data set and say what is in it; fails if anything is damaged.
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

/// A bar on standard error, if that is a terminal.
fn bar(samples: usize) -> Result<ProgressBar> {
    let bar = ProgressBar::new(samples as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} images, {per_sec}, {eta} left")?);
    Ok(bar)
}
