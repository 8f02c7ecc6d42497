//! `vqct reconstruct`.

use std::path::PathBuf;

use anyhow::Result;
use vq_core::Mode;
use vq_pipeline::to_rgb;

use crate::input::{ImageArgs, TokenizerArgs, stem_of};
use crate::output::{png_paths, write_png};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// Folder for the reconstructions, `<name>.png` each.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let stems = args.images.images.iter().map(|image| stem_of(image)).collect::<Result<Vec<_>>>()?;
    let paths = png_paths(&args.out, &stems)?;
    let loaded = args.tokenizer.load()?;
    for (image, path) in args.images.images.iter().zip(&paths) {
        let pixels = args.images.load(image, &loaded)?;
        let result = tch::no_grad(|| loaded.state.tokenizer.reconstruct(&pixels, Mode::Eval))?;
        write_png(path, &to_rgb(&result.images.get(0))?)?;
        print_line!("{}", path.display());
    }
    Ok(())
}
