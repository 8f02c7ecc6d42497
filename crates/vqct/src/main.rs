//! The `vqct` command: arguments in, calls to the crates, lines on the terminal.
#![allow(clippy::print_stderr, reason = "a binary reports its errors on standard error")]

/// Prints a line on standard output; a closed pipe, such as of `head`, does not end the work.
macro_rules! print_line {
    ($($words:tt)*) => {
        $crate::output::print_line(format_args!($($words)*))
    };
}

mod caption;
mod data;
mod detokenize;
mod edit;
mod eval;
mod generate;
mod input;
mod inspect;
#[cfg(feature = "priors")]
mod language;
mod output;
mod prior;
mod progress;
mod reconstruct;
mod runs;
mod search;
mod study;
mod terminal;
mod tokenize;
mod tokens;
mod train;
mod waiting;
mod word_map;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Image tokenizers whose codes are words.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a tokenizer, a generator or a scene classifier.
    Train(train::Args),
    /// List runs, diff them, and write their reports.
    Runs(runs::Args),
    /// Encode and decode images: image files in, image files out.
    Reconstruct(reconstruct::Args),
    /// Encode images to token ids.
    Tokenize(tokenize::Args),
    /// Decode token ids to images.
    Detokenize(detokenize::Args),
    /// Generate images: from texts, classes, segmentations, parts of images, or nothing.
    Generate(generate::Args),
    /// Generate captions of images from their codes alone.
    Caption(caption::Args),
    /// Evaluate a tokenizer on a validation set (images, codes, words, captions), or a generator.
    Eval(eval::Args),
    /// Train several methods with several seeds, evaluate all alike, and write their table.
    Study(study::Args),
    /// Show the words of images: of each patch, where each word is, and which words are used.
    Inspect(inspect::Args),
    /// Replace words in an image's codes and decode the result.
    Edit(edit::Args),
    /// Rank the images of a folder by how well their codes fit a text.
    Search(search::Args),
    /// Build a caption language (tokenizer and embeddings) from a language model (feature `priors`).
    #[cfg(feature = "priors")]
    Language(language::Args),
    /// Check, show and pack image data sets.
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Inspect, diff and merge codebook priors.
    #[command(subcommand)]
    Prior(prior::PriorCommand),
}

impl Command {
    fn runs_networks(&self) -> bool {
        !matches!(self, Self::Runs(_) | Self::Data(_) | Self::Prior(_))
    }
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    if command.runs_networks() {
        waiting::wait_passively();
    }
    vq_train::keep_freed_memory();
    let result = match command {
        Command::Train(args) => train::run(&args),
        Command::Runs(args) => runs::run(&args),
        Command::Reconstruct(args) => reconstruct::run(&args),
        Command::Tokenize(args) => tokenize::run(&args),
        Command::Detokenize(args) => detokenize::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Caption(args) => caption::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Edit(args) => edit::run(&args),
        Command::Search(args) => search::run(&args),
        Command::Study(args) => study::run(&args),
        #[cfg(feature = "priors")]
        Command::Language(args) => language::run(&args),
        Command::Data(command) => data::run(&command),
        Command::Prior(command) => prior::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", output::chain(&error));
            ExitCode::FAILURE
        }
    }
}
