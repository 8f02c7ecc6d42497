//! Encodes an embedded emoji with a trained tokenizer, decodes its ids, and writes both images into one PNG file.
//!
//! ```sh
//! cargo run --release -p vq-pipeline --example reconstruct -- runs/emoji-001 "red apple" apple.png
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::Path;

use tch::{Device, Tensor};
use vq_data::{EmojiSet, ImageSource};
use vq_pipeline::{Checkpoint, TokenizerState, image_grid};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let run = arguments.next().ok_or("expected the run folder or checkpoint of a tokenizer")?;
    let name = arguments.next().unwrap_or_else(|| "red apple".into());
    let png = arguments.next().unwrap_or_else(|| "reconstruction.png".into());
    reconstruct(run.as_ref(), &name, png.as_ref())
}

fn reconstruct(run: &Path, name: &str, png: &Path) -> Result<(), Box<dyn Error>> {
    let checkpoint = Checkpoint::open(run)?;
    let state = TokenizerState::load(&checkpoint, Device::Cpu)?;

    // The emoji as [1, 3, S, S] in [-1, 1], of the size of training.
    let emoji = EmojiSet::embedded()?;
    let index = emoji.entries().iter().position(|entry| entry.name == name).ok_or("no emoji has this name")?;
    let data = &checkpoint.header().experiment.data;
    let size = i64::from(data.transform.size);
    let pixels = data.validation_transform().apply(&emoji.get(index)?.image, 0)?;
    let images = Tensor::from_slice(&pixels).view([1, 3, size, size]);

    let ids = state.tokenizer.encode(&images)?; // [1, H, W, S]
    let decoded = state.tokenizer.decode(&ids)?; // [1, 3, S, S] in [-1, 1]
    let first = Vec::<i64>::try_from(ids.flatten(0, 2).get(0))?;
    let words: Vec<&str> = first.iter().filter_map(|&id| Some(state.word(id)?.text.as_str())).collect();
    println!("{name}: {} ids; those of the first position: {first:?} {words:?}", ids.numel());
    image_grid(&images, &decoded, 1)?.save(png)?;
    println!("wrote {}", png.display());
    Ok(())
}

#[test]
fn example_runs_on_a_random_tokenizer() -> Result<(), Box<dyn Error>> {
    use vq_experiment::ExperimentFile;
    use vq_pipeline::{CheckpointContents, CheckpointHeader};

    let folder = tempfile::tempdir()?;
    let file = ExperimentFile { path: "../../configs/emoji.toml".into(), overrides: Vec::new() };
    let experiment = file.load()?.experiment;
    let state = TokenizerState::fresh(&experiment, experiment.quantizer.load_prior()?, Device::Cpu)?;
    let parameters = state.store.variables().into_iter();
    let contents = CheckpointContents {
        header: CheckpointHeader::fresh(experiment),
        prior: state.prior.as_ref(),
        language: None,
        tensors: parameters.map(|(name, tensor)| (format!("model.{name}"), tensor)).collect(),
    };
    Checkpoint::save(&folder.path().join("checkpoint.safetensors"), &contents)?;
    let png = folder.path().join("apple.png");
    reconstruct(folder.path(), "red apple", &png)?;
    assert_eq!(image::image_dimensions(png)?, (32, 64));
    Ok(())
}
