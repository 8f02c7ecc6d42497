//! `vqct detokenize`.

use std::path::PathBuf;

use anyhow::Result;
use vq_pipeline::to_rgb;

use crate::input::TokenizerArgs;
use crate::output::{png_paths, write_png};
use crate::tokens::{self, Header};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    /// A token file that `vqct tokenize` wrote with the same checkpoint.
    #[arg(value_name = "TOKENS")]
    tokens: PathBuf,
    /// Folder for the images, `<name>.png` each.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let loaded = args.tokenizer.load()?;
    let layout = loaded.state.tokenizer.layout();
    let images = tokens::read(&args.tokens, &Header::new(&loaded.sha256, layout), layout)?;
    let stems: Vec<String> = images.iter().map(|tokens| tokens.image.clone()).collect();
    for (tokens, path) in images.iter().zip(png_paths(&args.out, &stems)?) {
        let pixels = loaded.state.tokenizer.decode(&tokens.ids.to_device(loaded.device))?;
        write_png(&path, &to_rgb(&pixels.get(0))?)?;
        print_line!("{}", path.display());
    }
    Ok(())
}
