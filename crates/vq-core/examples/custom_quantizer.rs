//! A custom quantizer, which rounds each channel to an integer in `-2..=2`, checked by the laws of the crate's tests.
//!
//! A [`Quantizer`] has a layout and two methods: from latents to codes, ids and loss, and from ids to codes.
//!
//! ```sh
//! cargo run -p vq-core --example custom_quantizer
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]
#![allow(clippy::unwrap_used, reason = "the laws are tests")]

use tch::{Device, Kind, Tensor};
use vq_core::{CoreError, Layout, Mode, Quantized, Quantizer, Slot, straight_through};

#[path = "../tests/it/laws.rs"]
mod laws;
#[path = "../tests/it/support.rs"]
#[allow(dead_code, reason = "the laws use a part of it")]
mod support;

/// The largest code; the smallest is its negative.
const MAX: i64 = 2;

#[derive(Debug)]
struct RoundingQuantizer {
    layout: Layout,
}

impl RoundingQuantizer {
    /// One id per channel, each in `0..5`.
    fn new(channels: i64) -> Self {
        let codes = 2 * MAX + 1;
        let slots = vec![Slot { group: "level".into(), codes: 0..codes }; channels as usize];
        Self { layout: Layout { channels, codes, slots } }
    }
}

impl Quantizer for RoundingQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, _mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "RoundingQuantizer::quantize";
        self.layout.check_latents(OP, latents)?; // shape, dtype, finite elements
        let latents = latents.to_kind(Kind::Float); // as `lookup`, which has no latents and returns `Float`
        let codes = latents.detach().round().clamp(-MAX as f64, MAX as f64); // [B, C, H, W]
        let errors = (&latents - &codes).square().mean_dim(1, false, Kind::Float); // [B, H, W]
        let weights = match mask {
            Some(mask) => weights(OP, mask, &errors)?,
            None => errors.ones_like(),
        };
        Ok(Quantized {
            // The values of the codes, with the gradient of the latents.
            codes: straight_through(&latents, &codes).contiguous(),
            indices: (codes + MAX).permute([0, 2, 3, 1]).to_kind(Kind::Int64), // [B, H, W, S]
            // The mean over the positions that are not padding.
            loss: (errors * &weights).sum(Kind::Float) / weights.sum(Kind::Float).clamp_min(1.0),
            live: None, // the codes are not rows of a codebook
        })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("RoundingQuantizer::lookup", indices)?; // shape, dtype, ranges
        Ok((indices - MAX).to_kind(Kind::Float).permute([0, 3, 1, 2]).contiguous())
    }
}

/// A mask `[B, H, W]` as numbers, zero at padding, after a check of shape and dtype.
fn weights(op: &'static str, mask: &Tensor, errors: &Tensor) -> Result<Tensor, CoreError> {
    if mask.size() != errors.size() {
        return Err(CoreError::Shape { op, expected: format!("a mask {:?}", errors.size()), got: mask.size() });
    }
    if mask.kind() != Kind::Bool {
        return Err(CoreError::Dtype { op, expected: "Bool for the mask", got: format!("{:?}", mask.kind()) });
    }
    Ok(mask.to_kind(Kind::Float))
}

fn main() -> Result<(), CoreError> {
    let quantizer = RoundingQuantizer::new(3);
    let latents = Tensor::randn([2, 3, 4, 4], (Kind::Float, Device::Cpu)) * 2.0;
    let quantized = quantizer.quantize(&latents, Mode::Eval)?;
    println!("ids {:?}, loss {:.4}", quantized.indices.size(), quantized.loss.double_value(&[]));

    // Shapes and ranges, the round trip of ids, dtypes, strides, padding, extreme and invalid inputs, the gradient.
    laws::check_laws(&quantizer, &latents, laws::Laws::ALL);
    println!("all laws hold");
    Ok(())
}

#[test]
fn the_example_runs() -> Result<(), CoreError> {
    main()
}
