//! Turns images into token ids and back, with a small random tokenizer on the CPU:
//!
//! ```sh
//! cargo run -p vq-model --example tokenize
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use tch::{Device, Kind, Tensor, nn};
use vq_core::{LearnedCodebook, Mode, NearestConfig, NearestQuantizer};
use vq_model::{AutoencoderConfig, ImageTokenizer};

fn main() -> Result<(), Box<dyn Error>> {
    tch::manual_seed(0);
    let store = nn::VarStore::new(Device::Cpu);

    // 256 codes of width 8, and an autoencoder with f = 4. The weights are random: nothing is trained here.
    let codebook = LearnedCodebook::new(&(store.root() / "codebook"), 256, 8)?;
    let quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default())?;
    let config = AutoencoderConfig { channels: 32, residual_blocks: 1, ..AutoencoderConfig::f4() };
    let tokenizer = ImageTokenizer::new(&store.root(), &config, Box::new(quantizer))?;

    // Images are [B, 3, H, W] in [-1, 1]; f must divide H and W.
    let images = Tensor::rand([2, 3, 32, 48], (Kind::Float, Device::Cpu)) * 2.0 - 1.0;
    let ids = tokenizer.encode(&images)?; // [B, H / f, W / f, S]
    let decoded = tokenizer.decode(&ids)?; // [B, 3, H, W] in [-1, 1]
    println!("images {:?} -> ids {:?} -> images {:?}", images.size(), ids.size(), decoded.size());

    // The ids hold all that the decoder reads: decoding them equals the direct pass, bit for bit.
    let direct = tch::no_grad(|| tokenizer.reconstruct(&images, Mode::Eval))?;
    assert!(direct.quantized.indices.equal(&ids));
    assert!(direct.images.clamp(-1.0, 1.0).equal(&decoded));
    println!("decoding the ids equals the direct pass");
    Ok(())
}

#[test]
fn the_example_runs() -> Result<(), Box<dyn Error>> {
    main()
}
