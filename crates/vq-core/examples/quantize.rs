//! Vector quantization of random latents: codes, ids, loss, the lookup of ids, and codebook usage.
//!
//! ```sh
//! cargo run -p vq-core --example quantize
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]

use tch::{Device, Kind, Tensor, nn};
use vq_core::{CoreError, LearnedCodebook, Mode, NearestConfig, NearestQuantizer, Quantizer, UsageCounter};

fn main() -> Result<(), CoreError> {
    // A codebook of 256 codes of dimension 16. Its parameters belong to the store, as those of any network.
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = LearnedCodebook::new(&(store.root() / "codebook"), 256, 16)?;
    let quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default())?;

    // In a tokenizer, latents are the output of an encoder: [B, C, H, W].
    let latents = Tensor::randn([4, 16, 8, 8], (Kind::Float, Device::Cpu)).set_requires_grad(true);
    let quantized = quantizer.quantize(&latents, Mode::Train)?;
    println!("codes {:?}, for the decoder", quantized.codes.size());
    println!("ids   {:?}, the tokens", quantized.indices.size());
    println!("loss  {:.4}, codebook and commitment term", quantized.loss.double_value(&[]));

    // The codes have a straight-through gradient to the latents, the loss has gradients to latents and codebook.
    (quantized.codes.square().mean(Kind::Float) + &quantized.loss).backward();
    println!("gradient of the latents {:?}", latents.grad().size());
    println!("gradient of the codebook {:?}", store.variables()["codebook.weight"].grad().size());

    // Ids decode to exactly the same codes.
    assert_eq!(quantizer.lookup(&quantized.indices)?, quantized.codes);

    // How many codes are in use, and how evenly.
    let mut counter = UsageCounter::new(quantizer.layout())?;
    counter.update(&quantized.indices)?;
    for usage in counter.compute() {
        println!("{} of {} codes used, perplexity {:.1}", usage.used, usage.size, usage.perplexity);
    }
    Ok(())
}

#[test]
fn the_example_runs() -> Result<(), CoreError> {
    main()
}
