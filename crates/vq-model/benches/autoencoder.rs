//! Forward and backward of encoder and decoder, without a quantizer between them.
//!
//! `crates/vq-train/benches/recipe.py --part autoencoder` times the same in PyTorch.
//! It prints the milliseconds of a step (median, least, least CPU time of the main thread) and images per second:
//!
//! ```sh
//! cargo bench -p vq-model --bench autoencoder -- [f32|bf16] [steps] [threads]
//! ```
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed bench")]
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::time::Instant;

use tch::{Device, Kind, Tensor, nn};
use vq_model::{AutoencoderConfig, Decoder, Encoder, Precision};

const BATCH: i64 = 16;
const SIDE: i64 = 64;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let precisions = match arguments.first().map(String::as_str) {
        Some("f32") => vec![Precision::F32],
        Some("bf16") => vec![Precision::Bf16],
        None => vec![Precision::F32, Precision::Bf16],
        Some(other) => return println!("usage: autoencoder [f32|bf16] [steps] [threads], got {other}"),
    };
    let number = |position: usize, default| arguments.get(position).map_or(default, |text| text.parse().unwrap());
    let steps = number(1, 10);
    tch::set_num_threads(number(2, tch::get_num_threads()));
    precisions.into_iter().for_each(|precision| report(precision, steps));
}

fn report(precision: Precision, steps: i32) {
    let config = AutoencoderConfig {
        patch: 1,
        channels: 32,
        multipliers: vec![1, 2, 4],
        residual_blocks: 2,
        attention_factors: vec![4],
        latent_channels: 64,
    };
    let store = nn::VarStore::new(Device::Cpu);
    let encoder = Encoder::new(&(store.root() / "encoder"), &config).unwrap();
    let decoder = Decoder::new(&(store.root() / "decoder"), &config).unwrap();
    let images = Tensor::rand([BATCH, 3, SIDE, SIDE], (Kind::Float, Device::Cpu)) * 2.0 - 1.0;
    let step = || {
        let (start, busy) = (Instant::now(), cpu_seconds());
        let latents = encoder.forward(&precision.cast(&images));
        let reconstruction = decoder.forward(&latents).to_kind(Kind::Float);
        (reconstruction - &images).abs().mean(Kind::Float).backward();
        let seconds = (start.elapsed().as_secs_f64(), cpu_seconds() - busy);
        store.variables().into_values().for_each(|mut variable| variable.zero_grad());
        seconds
    };
    let (mut times, mut cpu): (Vec<f64>, Vec<f64>) = (0..steps + 2).map(|_| step()).skip(2).unzip();
    times.sort_by(f64::total_cmp);
    cpu.sort_by(f64::total_cmp);
    let (median, least) = (times[times.len() / 2], times[0]);
    println!(
        "{precision:?}: {:.1} ms (least {:.1}, CPU time {:.1}), {:.1} images/s, {} threads",
        median * 1e3,
        least * 1e3,
        cpu[0] * 1e3,
        BATCH as f64 / median,
        tch::get_num_threads()
    );
}

/// CPU time of the main thread in seconds. With one thread it covers all work, and other load disturbs it less than the
/// clock.
fn cpu_seconds() -> f64 {
    let schedule = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    schedule.split_whitespace().next().and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1e-9
}
