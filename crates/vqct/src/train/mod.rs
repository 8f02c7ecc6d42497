//! `vqct train`.

mod generator;
mod run_args;
mod scene_classifier;
mod tokenizer;

use anyhow::Result;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[group(skip)]
pub(crate) struct Args {
    #[command(subcommand)]
    model: Option<Model>,
    #[command(flatten)]
    tokenizer: tokenizer::Args,
}

#[derive(Debug, clap::Subcommand)]
enum Model {
    /// Train a generator of token ids of a trained tokenizer.
    Generator(generator::Args),
    /// Train a scene classifier, which predicts the objects and colours in an image of a scene.
    SceneClassifier(scene_classifier::Args),
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.model {
        None => tokenizer::run(&args.tokenizer),
        Some(Model::Generator(args)) => generator::run(args),
        Some(Model::SceneClassifier(args)) => scene_classifier::run(args),
    }
}
