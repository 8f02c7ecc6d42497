//! Trains a small tokenizer on the embedded emoji for some steps, and prints the figures.
//!
//! ```sh
//! cargo run --release -p vq-train --example train
//! ```
#![allow(clippy::print_stdout, reason = "an example prints")]

use vq_experiment::Experiment;
use vq_run::{Record, RunDir};
use vq_train::{TokenizerPlan, TokenizerRun, TrainingObserver};

/// VQ with 64 codes on images of 16 x 16 pixels; keys that are missing have defaults.
const EXPERIMENT: &str = r#"
name = "example"
device = "cpu"
data = { batch_size = 8, source = { kind = "emoji" }, transform = { size = 16, background = "random" } }
autoencoder = { channels = 32, multipliers = [1, 1], residual_blocks = 1, attention_factors = [], latent_channels = 8 }
quantizer = { kind = "vq", codebook_size = 64, codebook_dim = 8 }
schedule = { learning_rate = 1e-3 }
train = { steps = 4, log_every = 1 }
"#;

/// Prints the log.
struct Print;

impl TrainingObserver for Print {
    fn record(&mut self, record: &Record) {
        match record {
            Record::Train { step, loss, images_per_second, .. } => {
                println!("step {step}: loss {loss:.4}, {images_per_second:.0} images/s");
            }
            Record::Validation { step, images, usage, .. } => {
                println!("step {step}: PSNR {:.2} dB, {:.0} % of the codes used", images["psnr"], usage * 100.0);
            }
            other => println!("{other:?}"),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let experiment: Experiment = toml::from_str(EXPERIMENT)?;
    let plan = TokenizerPlan::new(experiment)?; // reads the images
    let folder = tempfile::tempdir()?;
    let mut run = TokenizerRun::begin(plan, || RunDir::numbered(folder.path(), "example"))?;
    let outcome = run.train(&mut Print)?;
    println!("{:?} after {} steps in {:.1?}", outcome.end, outcome.step, outcome.elapsed);
    for file in std::fs::read_dir(run.folder().path())? {
        println!("wrote {}", file?.file_name().display());
    }
    Ok(())
}

#[test]
fn example_runs() -> Result<(), Box<dyn std::error::Error>> {
    main()
}
