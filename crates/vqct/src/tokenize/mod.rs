//! `vqct tokenize`.

mod images;
mod store;

use std::path::PathBuf;

use anyhow::Result;

use crate::input::{ImageArgs, TokenizerArgs};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["out", "store"]))]
pub(crate) struct Args {
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// The token file of the images to write: JSON Lines, a header and then one line per image.
    #[arg(long, value_name = "FILE", requires = "images")]
    out: Option<PathBuf>,
    /// Instead of single images, turn a data set into stores of ids, `FOLDER/train.safetensors` and
    /// `FOLDER/validation.safetensors`, which generators learn from.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["images", "size"])]
    store: Option<PathBuf>,
    /// The data set: the `[data]` of this experiment [default: that of the tokenizer's run].
    #[arg(long, value_name = "EXPERIMENT", requires = "store")]
    data: Option<PathBuf>,
    /// Put ids of the images' segmentations beside theirs, by this tokenizer, which was trained on pictures of such.
    #[arg(long, value_name = "RUN", requires = "store")]
    segmentation: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match (&args.out, &args.store) {
        (Some(out), _) => images::run(&args.tokenizer, &args.images, out),
        (None, Some(folder)) => store::run(args, folder),
        (None, None) => anyhow::bail!("tokenize: expected `--out` or `--store`, got neither"),
    }
}
