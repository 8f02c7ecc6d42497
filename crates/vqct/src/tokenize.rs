//! `vqct tokenize`.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use crate::input::{ImageArgs, TokenizerArgs, stem_of};
use crate::output::{refuse_existing, write_new};
use crate::tokens::{Header, TokenLine};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// The token file to write: JSON Lines, a header and then one line per image.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    refuse_existing(&args.out)?;
    let loaded = args.tokenizer.load()?;
    let mut text = line_of(&Header::new(&loaded.sha256, loaded.state.tokenizer.layout()))?;
    for image in &args.images.images {
        let ids = loaded.state.tokenizer.encode(&args.images.load(image, &loaded)?)?;
        text.push_str(&line_of(&TokenLine::new(stem_of(image)?, &ids)?)?);
    }
    write_new(&args.out, text.as_bytes())?;
    say!("{}: ids of {} images", args.out.display(), args.images.images.len());
    Ok(())
}

fn line_of(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)? + "\n")
}
