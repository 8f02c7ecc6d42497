//! `vqct eval`.

mod compare;
mod generator;
mod tokenizer;

use anyhow::Result;
use clap::{ArgMatches, Command, Error, FromArgMatches, Subcommand};

/// Of a tokenizer, if nothing else is named.
#[derive(Debug)]
pub(crate) enum Args {
    Tokenizer(Box<tokenizer::Args>),
    Other(What),
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// Measure a generator of images from captions of scenes.
    Generator(Box<generator::Args>),
    /// Put evaluations side by side; those that were made under other conditions are refused.
    Compare(compare::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match args {
        Args::Tokenizer(args) => tokenizer::run(args),
        Args::Other(What::Generator(args)) => generator::run(args),
        Args::Other(What::Compare(args)) => compare::run(args),
    }
}

// By hand, since derived code cannot have options that are required unless a subcommand is named.
impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        What::augment_subcommands(tokenizer::Args::augment_args(command))
            .args_conflicts_with_subcommands(true)
            .subcommand_negates_reqs(true)
            .subcommand_required(false)
            .arg_required_else_help(false)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        match matches.subcommand_name() {
            Some(_) => What::from_arg_matches(matches).map(Self::Other),
            None => tokenizer::Args::from_arg_matches(matches).map(|args| Self::Tokenizer(Box::new(args))),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
