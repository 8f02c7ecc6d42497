//! `vqct train`.

mod generator;
mod judge;
mod tokenizer;

use anyhow::Result;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[group(skip)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    tokenizer: tokenizer::Args,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Train a generator, which makes the ids of a trained tokenizer.
    Generator(generator::Args),
    /// Train a judge of scenes, which says what a picture shows.
    Judge(judge::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.what {
        None => tokenizer::run(&args.tokenizer),
        Some(What::Generator(args)) => generator::run(args),
        Some(What::Judge(args)) => judge::run(args),
    }
}
