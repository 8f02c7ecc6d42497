//! The `vqct` command: glue between the crates, and all that is printed.
#![allow(clippy::print_stderr, reason = "errors are for people, and this is the binary")]

/// Prints a line on standard output; a reader that has gone away, such as `head`, ends no work.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::output::say(format_args!($($words)*))
    };
}

mod caption;
mod compare;
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
mod terminal;
mod tokenize;
mod tokens;
mod train;
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
    /// Train a tokenizer, a generator, or a judge of scenes.
    Train(train::Args),
    /// List runs, compare them, make their pages.
    Runs(runs::Args),
    /// Pass images through a tokenizer: image files in, image files out.
    Reconstruct(reconstruct::Args),
    /// Turn images into token ids.
    Tokenize(tokenize::Args),
    /// Turn token ids back into images.
    Detokenize(detokenize::Args),
    /// Make images: from texts, classes, segmentations, parts of images, or nothing.
    Generate(generate::Args),
    /// Say what an image shows, from its tokens alone.
    Caption(caption::Args),
    /// Measure a tokenizer on a validation set: pictures, codes, words and captions; or a generator.
    Eval(eval::Args),
    /// Train methods with several seeds, measure all alike, and write their table.
    Compare(compare::Args),
    /// Show images as words: each patch, where each word is, and which words are used.
    Inspect(inspect::Args),
    /// Put other words in the place of an image's words, and see what becomes of it.
    Edit(edit::Args),
    /// Rank the images of a folder by how well their codes fit a text.
    Search(search::Args),
    /// Build the language of captions from a language model (only with the feature `priors`).
    #[cfg(feature = "priors")]
    Language(language::Args),
    /// Look at images and captions, and pack them.
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Look into codebooks of words, and join them.
    #[command(subcommand)]
    Prior(prior::PriorCommand),
}

fn main() -> ExitCode {
    vq_train::keep_freed_memory();
    let result = match Cli::parse().command {
        Command::Train(args) => train::run(&args),
        Command::Runs(args) => runs::run(&args),
        Command::Reconstruct(args) => reconstruct::run(&args),
        Command::Tokenize(args) => tokenize::run(&args),
        Command::Detokenize(args) => detokenize::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Caption(args) => caption::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Edit(args) => edit::run(&args),
        Command::Search(args) => search::run(&args),
        #[cfg(feature = "priors")]
        Command::Language(args) => language::run(&args),
        Command::Data(command) => data::run(&command),
        Command::Prior(command) => prior::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes on one line; one that says its cause itself does not say it twice.
fn chain(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| {
        let cause = cause.to_string();
        match said.is_empty() {
            true => cause,
            false if said.contains(&cause) => said,
            false => format!("{said}: {cause}"),
        }
    })
}
