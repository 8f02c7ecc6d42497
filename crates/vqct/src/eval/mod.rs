//! `vqct eval`.

mod diff;
mod generator;
mod tokenizer;

use anyhow::Result;
use clap::{ArgMatches, Command, Error, FromArgMatches, Subcommand};

/// Evaluation of a tokenizer, unless a subcommand is named.
#[derive(Debug)]
pub(crate) enum Args {
    Tokenizer(Box<tokenizer::Args>),
    Other(Subject),
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subject {
    /// Evaluate a generator of images from captions of scenes.
    Generator(Box<generator::Args>),
    /// Set evaluations side by side; unequal conditions are an error.
    Diff(diff::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match args {
        Args::Tokenizer(args) => tokenizer::run(args),
        Args::Other(Subject::Generator(args)) => generator::run(args),
        Args::Other(Subject::Diff(args)) => diff::run(args),
    }
}

// Written by hand: the derive cannot express options that are required unless a subcommand is named.
impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        Subject::augment_subcommands(tokenizer::Args::augment_args(command))
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
            Some(_) => Subject::from_arg_matches(matches).map(Self::Other),
            None => tokenizer::Args::from_arg_matches(matches).map(|args| Self::Tokenizer(Box::new(args))),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
