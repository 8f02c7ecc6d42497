//! Ids of single images.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::input::{ImageArgs, TokenizerArgs, stem_of};
use crate::output::{refuse_existing, write_new};
use crate::tokens::{Header, TokenLine};

pub(super) fn run(tokenizer: &TokenizerArgs, images: &ImageArgs, out: &Path) -> Result<()> {
    refuse_existing(out)?;
    let loaded = tokenizer.load()?;
    let mut text = line_of(&Header::new(&loaded.sha256, loaded.state.tokenizer.layout()))?;
    for image in &images.images {
        let ids = loaded.state.tokenizer.encode(&images.load(image, &loaded)?)?;
        text.push_str(&line_of(&TokenLine::new(stem_of(image)?, &ids)?)?);
    }
    write_new(out, text.as_bytes())?;
    print_line!("{}: ids of {} images", out.display(), images.images.len());
    Ok(())
}

fn line_of(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)? + "\n")
}
