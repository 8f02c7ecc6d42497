//! `vqct eval`.

mod compare;
mod generator;
mod tokenizer;

use anyhow::Result;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[group(skip)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    tokenizer: Option<tokenizer::Args>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Measure a generator of images from captions of scenes.
    Generator(Box<generator::Args>),
    /// Put evaluations side by side; those that were made under other conditions are refused.
    Compare(compare::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match (&args.what, &args.tokenizer) {
        (Some(What::Generator(args)), _) => generator::run(args),
        (Some(What::Compare(args)), _) => compare::run(args),
        (None, Some(args)) => tokenizer::run(args),
        (None, None) => anyhow::bail!("eval: expected `--checkpoint`, got none"),
    }
}
