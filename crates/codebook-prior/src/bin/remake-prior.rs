//! Makes the default prior again: the same sources give the same bytes.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use codebook_prior::{EmbeddingTable, EmojiNames, PriorError, PriorGraph, Recipe, TableConfig, WordNet, build};

/// Makes a prior from WordNet, the emoji names and a language model.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// WordNet's folder: index.*, data.*, *.exc, cntlist.rev (Debian: wordnet-base).
    #[arg(long, value_name = "DIR")]
    wordnet: PathBuf,
    /// Unicode's emoji-test.txt (Debian: unicode-data).
    #[arg(long, value_name = "FILE")]
    emoji_test: PathBuf,
    /// A language model's folder: config.json, tokenizer.json, model.safetensors.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// What the provenance calls the model.
    #[arg(long, value_name = "NAME", default_value = "sentence-transformers/all-MiniLM-L6-v2")]
    model_name: String,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Adjectives to choose.
    #[arg(long, value_name = "N", default_value_t = Recipe::default().adjectives)]
    adjectives: usize,
    /// Nouns to choose.
    #[arg(long, value_name = "N", default_value_t = Recipe::default().nouns)]
    nouns: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut stderr = std::io::stderr();
    // A closed stderr is no reason to fail.
    match remake(&arguments) {
        Ok(prior) => {
            let _ = writeln!(stderr, "{}: {}", arguments.out.display(), summary(&prior));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(stderr, "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn remake(arguments: &Arguments) -> Result<PriorGraph, PriorError> {
    let wordnet = WordNet::open(&arguments.wordnet)?;
    let emoji = EmojiNames::open(&arguments.emoji_test)?;
    let table = EmbeddingTable::open(&arguments.model, &arguments.model_name, TableConfig::default())?;
    let recipe = Recipe { adjectives: arguments.adjectives, nouns: arguments.nouns, ..Recipe::default() };
    let prior = build(&recipe, &wordnet, &emoji, &table)?;
    prior.save(&arguments.out)?;
    Ok(prior)
}

fn summary(prior: &PriorGraph) -> String {
    let joined = prior.degrees().iter().filter(|degree| **degree > 0).count();
    format!(
        "{} adjectives, {} nouns ({} homographs), {} edges, {:.1} % of the words have one, width {}",
        prior.adjectives().len(),
        prior.nouns().len(),
        prior.homographs(),
        prior.edges().len(),
        100.0 * joined as f64 / prior.len() as f64,
        prior.width(),
    )
}
