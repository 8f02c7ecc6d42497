//! `vqct tokenize`.

mod args;
mod images;
mod store;

use anyhow::Result;

use crate::input::ImageArgs;

pub(crate) use args::Args;

pub(crate) fn run(args: &Args) -> Result<()> {
    match (&args.out, &args.store) {
        (Some(out), _) => {
            let images = ImageArgs { images: args.images.clone(), size: args.size };
            images::run(&args.tokenizer, &images, out)
        }
        (None, Some(folder)) => store::run(args, folder),
        (None, None) => anyhow::bail!("tokenize: expected `--out` or `--store`, got neither"),
    }
}
