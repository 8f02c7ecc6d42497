//! `vqct edit`.

use std::path::PathBuf;

use anyhow::Result;
use vq_pipeline::to_rgb;
use vq_study::{CodeWords, EditedIds, WordReplacement};

use crate::input::{ImageArgs, TokenizerArgs, stem_of};
use crate::output::{png_paths, write_png};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// A word and its replacement; repeatable, and all replacements see the original image.
    #[arg(long = "replace", value_name = "WORD=WORD", required = true)]
    replacements: Vec<WordReplacement>,
    /// The folder for the images, as `NAME.png`.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let stems: Vec<String> = args.images.images.iter().map(|image| stem_of(image)).collect::<Result<_>>()?;
    let loaded = args.tokenizer.load()?;
    let words = CodeWords::of(&loaded.state)?;
    let paths = png_paths(&args.out, &stems)?;
    for (image, path) in args.images.images.iter().zip(&paths) {
        let ids = loaded.state.tokenizer.encode(&args.images.load(image, &loaded)?)?;
        let EditedIds { ids, replaced } = WordReplacement::apply(&args.replacements, &words, &ids)?;
        write_png(path, &to_rgb(&loaded.state.tokenizer.decode(&ids)?.get(0))?)?;
        match replaced {
            0 => print_line!("{}: no position of {image} has such a word; the image is unchanged", path.display()),
            _ => print_line!("{}: {replaced} of {} ids replaced", path.display(), ids.numel()),
        }
    }
    Ok(())
}
