//! Stores of ids of data sets.

use std::path::Path;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use vq_data::Split;
use vq_experiment::{TokenizerSource, Weights};
use vq_pipeline::TokenizeRequest;

use super::args::Args;
use crate::input::data_of;
use crate::output::refuse_existing;

pub(super) fn run(args: &Args, folder: &Path) -> Result<()> {
    let parts = [(Split::Train, "train"), (Split::Validation, "validation")];
    let parts = parts.map(|(part, name)| (part, folder.join(format!("{name}.safetensors"))));
    parts.iter().try_for_each(|(_, path)| refuse_existing(path))?;
    let request = TokenizeRequest {
        tokenizer: args.tokenizer.source(),
        segmentation: args.segmentation.clone().map(|run| TokenizerSource { run, weights: Weights::default() }),
        data: args.data.as_deref().map(data_of).transpose()?,
        device: args.tokenizer.device()?,
    };
    std::fs::create_dir_all(folder).with_context(|| format!("make folder {}", folder.display()))?;
    for (part, path) in parts {
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} images, {eta} left")?);
        let images = request.run(part, &path, &mut |done, total| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        })?;
        bar.finish_and_clear();
        print_line!("{}: ids of {images} images", path.display());
    }
    Ok(())
}
