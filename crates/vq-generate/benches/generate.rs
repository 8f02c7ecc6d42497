//! Sampling of token grids, id by id.
//!
//! `generate_peer.py` in this folder runs it in turn with loops in PyTorch.
//! It prints the milliseconds of each repetition, for a grid of 16x16 and 1024 codes, 6 layers of width 384:
//!
//! ```sh
//! cargo bench -p vq-generate --bench generate -- batch repetitions threads
//! ```
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed bench")]
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::time::Instant;

use tch::{Device, nn};
use vq_core::{Layout, Slot};
use vq_generate::{
    Autoregressive, Condition, Conditioning, GenerationConfig, GeneratorConfig, Grid, SampleRequest, TokenGrid,
};

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let &[batch, repetitions, threads] = &numbers[..] else {
        println!("usage: generate batch repetitions threads");
        return;
    };
    tch::set_num_threads(threads as i32);
    let layout = Layout { channels: 8, codes: 1024, slots: vec![Slot { group: "code".into(), codes: 0..1024 }] };
    let tokens = TokenGrid { grid: Grid { rows: 16, columns: 16 }, layout };
    let store = nn::VarStore::new(Device::Cpu);
    // Six layers of width 384, as the defaults are.
    let config = GeneratorConfig::default();
    let generator = Autoregressive::new(&store.root(), &tokens, None, &Conditioning::None, &config).unwrap();
    for repetition in 0..=repetitions {
        let seeds: Vec<u64> = (0..batch).map(|image| (repetition * batch + image) as u64).collect();
        let request = SampleRequest { seeds: &seeds, condition: &Condition::None, known: None };
        let start = Instant::now();
        let sampled = generator.sample(&request, &GenerationConfig::default()).unwrap();
        // The first repetition is a warm-up.
        if repetition > 0 {
            assert_eq!(sampled.ids.numel(), batch * 256);
            println!("{:.3}", start.elapsed().as_secs_f64() * 1e3);
        }
    }
}
