//! Times a training step of this crate for `recipe.py`, which runs it in turn with the step in PyTorch.
//!
//! Arguments: phase (`before` or `after` the discriminator's start), precision (`f32` or `bf16`), steps, warm-up steps,
//! threads. Prints images/s by the median, median and least time of a step, mean CPU time of all threads (ms), and the
//! peak of memory (MiB).
//! A whole run is timed: loading and transforming images, both optimizers, guards and the log.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use image::{Rgba, RgbaImage};
use vq_data::{DataError, ImageSource, Sample};
use vq_experiment::{ExperimentFile, Images};
use vq_run::RunDir;
use vq_train::{TokenizerPlan, TokenizerRun, TrainingObserver};

/// The default shape of `recipe.py`, and the optimizers of VQGAN.
const EXPERIMENT: &str = r#"
name = "recipe"
device = "cpu"
quantizer = { kind = "vq", codebook_size = 1024, codebook_dim = 64 }
schedule = { learning_rate = 7.2e-5 }
train = { steps = 1000000, log_every = 10, validate_every = 1000000, checkpoint_every = 1000000 }
[data]
source = { kind = "emoji" }
transform = { size = 64, background = { color = [255, 255, 255] }, flip = "random" }
batch_size = 16
[autoencoder]
channels = 32
multipliers = [1, 2, 4]
residual_blocks = 2
attention_factors = [4]
latent_channels = 64
"#;
const BATCH: f64 = 16.0;

/// Smooth images.
struct Slopes;

impl ImageSource for Slopes {
    fn len(&self) -> usize {
        256
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let step = index as u32 % 13 + 1;
        let image = RgbaImage::from_fn(64, 64, |x, y| {
            Rgba([(x * step / 3) as u8, (y * step / 3) as u8, ((x + y) * step / 5) as u8, 255])
        });
        Ok(Sample { id: format!("slope {index}"), image, ..Sample::default() })
    }
}

/// Records the end of each step, and stops after the last.
struct Stopwatch {
    steps: usize,
    warmup: usize,
    ends: Vec<Instant>,
    busy: Vec<f64>,
}

impl TrainingObserver for Stopwatch {
    fn step(&mut self, _step: u64) {
        self.ends.push(Instant::now());
        self.busy.push(busy_ms());
    }

    fn wants_stop(&self) -> bool {
        self.ends.len() > self.warmup + self.steps
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo bench` appends this option.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [phase, precision, steps, warmup, threads] = &arguments[..] else {
        return Err("expected: before|after f32|bf16 STEPS WARMUP THREADS".into());
    };
    vq_train::keep_freed_memory();
    tch::set_num_threads(threads.parse()?);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("recipe.toml");
    std::fs::write(&path, EXPERIMENT)?;
    let start = if phase == "after" { "0" } else { "1000000" };
    let overrides = vec![format!("train.precision={precision}"), format!("adversarial.start={start}")];
    let experiment = ExperimentFile { path, overrides }.load()?.experiment;
    let plan = TokenizerPlan::with_images(experiment, Images::new(Arc::new(Slopes), Arc::new(Slopes)))?;
    let mut run = TokenizerRun::begin(plan, || RunDir::exact(&folder.path().join("run")))?;
    let (steps, warmup) = (steps.parse()?, warmup.parse()?);
    let mut stopwatch = Stopwatch { steps, warmup, ends: Vec::new(), busy: Vec::new() };
    run.train(&mut stopwatch)?;
    let times = stopwatch.ends[warmup..].windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e3);
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    let (median, least) = (times[times.len() / 2], times[0]);
    let busy = (stopwatch.busy[warmup + steps] - stopwatch.busy[warmup]) / steps as f64;
    let line = format!("{:.2} {median:.1} {least:.1} {busy:.1} {:.0}\n", BATCH / median * 1e3, peak_mib()?);
    std::io::stdout().write_all(line.as_bytes())?;
    Ok(())
}

/// CPU time of all threads so far; a tick is 10 ms.
fn busy_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) * 10.0
}

fn peak_mib() -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM")).ok_or("no VmHWM in /proc/self/status")?;
    Ok(line.split_whitespace().nth(1).ok_or("no figure of VmHWM")?.parse::<f64>()? / 1024.0)
}
