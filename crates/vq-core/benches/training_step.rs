//! A training step of the EMA quantizer: forward, loss, backward, update.
//!
//! `training_step.py` in this folder runs it alternating with vector-quantize-pytorch.
//! Alone, it prints the median step in milliseconds:
//!
//! ```sh
//! cargo bench -p vq-core --bench training_step -- N K D steps
//! ```
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed bench")]
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::time::Instant;

use tch::{Device, Kind, Tensor, nn};
use vq_core::{EmaCodebook, EmaConfig, Mode, NearestConfig, NearestQuantizer, QuantizedBatch, Quantizer};

/// Rows and columns of a token grid.
const SIDE: i64 = 32;

fn main() {
    let numbers: Vec<i64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let &[n, size, dim, steps] = &numbers[..] else {
        println!("usage: training_step N K D steps (N a multiple of {})", SIDE * SIDE);
        return;
    };
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = EmaCodebook::new(&store.root(), size, dim, EmaConfig { decay: 0.8, ..Default::default() }).unwrap();
    let codes = Tensor::randn([size, dim], (Kind::Float, Device::Cpu));
    for name in ["weight", "embed_sum"] {
        tch::no_grad(|| store.variables()[name].shallow_clone().copy_(&codes));
    }
    let mut quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default()).unwrap();

    let mut times: Vec<f64> = (0..=steps).map(|_| step(&mut quantizer, n, dim)).skip(1).collect();
    times.sort_by(f64::total_cmp);
    println!("{:.3} ms with {} threads", times[times.len() / 2], tch::get_num_threads());
}

/// Milliseconds of a step on fresh latents; making them is not counted.
fn step(quantizer: &mut NearestQuantizer, n: i64, dim: i64) -> f64 {
    let latents = Tensor::randn([n / (SIDE * SIDE), dim, SIDE, SIDE], (Kind::Float, Device::Cpu));
    let latents = latents.set_requires_grad(true);
    let start = Instant::now();
    let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
    (quantized.codes.square().mean(Kind::Float) + &quantized.loss).backward();
    quantizer.update(&QuantizedBatch { latents: &latents, indices: &quantized.indices, mask: None }).unwrap();
    start.elapsed().as_secs_f64() * 1e3
}
