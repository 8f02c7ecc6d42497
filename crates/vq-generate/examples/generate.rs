//! Trains a tiny autoregressive generator on random grids of ids, conditioned on a class, and samples a new grid.
//!
//! ```sh
//! cargo run -p vq-generate --example generate
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]

use tch::nn::OptimizerConfig;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{Layout, Mode, Slot};
use vq_generate::{
    Condition, Conditioning, GenerateError, GenerationConfig, Generator, GeneratorBatch, GeneratorConfig, Grid,
    SampleConfig, SampleRequest, TokenGrid, TransformerConfig,
};

fn main() -> Result<(), GenerateError> {
    tch::manual_seed(0);
    // Grids of 4x4 positions with one id each, of a codebook of 16 codes. A tokenizer states the layout of its ids.
    let layout = Layout { channels: 8, codes: 16, slots: vec![Slot { group: "code".into(), codes: 0..16 }] };
    let tokens = TokenGrid { grid: Grid { rows: 4, columns: 4 }, layout };
    let transformer = TransformerConfig { width: 32, heads: 4, layers: 2, ..Default::default() };
    let config = GeneratorConfig { transformer, ..Default::default() };
    let store = nn::VarStore::new(Device::Cpu);
    let generator = Generator::new(&store.root(), &tokens, None, &Conditioning::Class { classes: 2 }, &config)?;

    // A training step. The ids [B, H, W, S] of real images come from a tokenizer.
    let batch = GeneratorBatch {
        ids: Tensor::randint(16, [8, 4, 4, 1], (Kind::Int64, Device::Cpu)),
        condition: Condition::Class(Tensor::from_slice(&[0_i64, 1, 0, 1, 0, 1, 0, 1])),
    };
    let mut optimizer = nn::AdamW::default().build(&store, 1e-3).expect("AdamW accepts any parameters");
    let loss = generator.loss(&batch, Mode::Train)?;
    optimizer.backward_step(&loss.loss);
    println!("loss {:.3}, perplexity {:.1} of 16 codes", loss.loss.double_value(&[]), loss.perplexity());

    // One image of each class. A seed fixes an image; guidance strengthens the condition.
    let condition = Condition::Class(Tensor::from_slice(&[0_i64, 1]));
    let request = SampleRequest { seeds: &[1, 2], condition: &condition, known: None };
    let draw = SampleConfig { temperature: 0.9, ..Default::default() };
    let sampled = generator.sample(&request, &GenerationConfig { draw, guidance: 1.5, rounds: None })?;
    for (class, log_probability) in sampled.log_probabilities.iter().enumerate() {
        println!("class {class}, log-probability {log_probability:.1}:");
        for row in 0..4 {
            let ids: Vec<String> = (0..4)
                .map(|column| format!("{:2}", sampled.ids.int64_value(&[class as i64, row, column, 0])))
                .collect();
            println!("  {}", ids.join(" "));
        }
    }
    Ok(())
}
