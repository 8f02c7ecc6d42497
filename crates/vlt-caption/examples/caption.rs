//! Captions images from their codes with a tiny translation module: trains it on two images, then decodes greedily and
//! with beam search.
//!
//! ```sh
//! cargo run -p vlt-caption --example caption
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]

use tch::nn::OptimizerConfig;
use tch::{Device, Kind, Tensor, nn};
use vlt_caption::{BeamConfig, CaptionConfig, CaptionDecoder, CaptionError, Captioner, SpecialTokens, TokenMap};
use vq_core::Mode;

/// The vocabulary. A real one comes from a language model (`Language`, feature `tokenizer`).
const WORDS: [&str; 9] = ["[BEGIN]", "[END]", "[PAD]", "a", "small", "large", "red", "bird", "apple"];

fn main() -> Result<(), CaptionError> {
    tch::manual_seed(0);
    let special = SpecialTokens { begin: 0, end: 1, pad: 2, unknown: None };
    let vocabulary = TokenMap::new(0..WORDS.len() as i64, special)?;

    // Frozen embeddings of the words [V, E], and codes of two images [B, C, H, W]. Here both are random.
    let float = (Kind::Float, Device::Cpu);
    let embeddings = Tensor::randn([WORDS.len() as i64, 12], float);
    let codes = Tensor::randn([2, 6, 4, 4], float);

    let config = CaptionConfig { width: 32, heads: 4, layers: 1, max_tokens: 12, ..Default::default() };
    let store = nn::VarStore::new(Device::Cpu);
    let decoder = CaptionDecoder::new(&store.root(), 6, &config, &embeddings)?;

    // Training: cross-entropy of the captions given the codes. With a tokenizer, the gradient continues to its codebook.
    let captions = [vocabulary.caption(&[3, 4, 6, 7], 12)?, vocabulary.caption(&[3, 5, 8], 12)?];
    let batch = vocabulary.batch(&captions);
    let mut optimizer = nn::Adam::default().build(&store, 1e-2).expect("Adam accepts any parameters");
    for step in 0..60 {
        let loss = decoder.loss(&codes, &batch, Mode::Train)?;
        optimizer.backward_step(&loss.loss);
        if step % 20 == 0 {
            println!("step {step}: loss {:.3}", loss.loss.double_value(&[]));
        }
    }

    // Decoding.
    let memory = decoder.encode(&codes, Mode::Eval)?;
    let captioner = Captioner::new(&decoder, special, 10)?;
    let greedy = captioner.greedy(&memory)?;
    let beam = captioner.beam(&memory, &BeamConfig { beams: 3, ..Default::default() })?;
    for (image, (greedy, beam)) in greedy.iter().zip(&beam).enumerate() {
        println!("image {image}, greedy: {}", text(&greedy.ids));
        println!("image {image}, beam:   {} (log-probability {:.2})", text(&beam.ids), beam.log_probability);
    }
    Ok(())
}

fn text(ids: &[i64]) -> String {
    ids.iter().map(|id| WORDS[*id as usize]).collect::<Vec<_>>().join(" ")
}
