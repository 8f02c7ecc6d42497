//! `vqct generate`.

mod requests;
mod sheet;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tch::Tensor;
use vq_core::DeviceChoice;
use vq_generate::{GenerationConfig, Order, RoundsConfig, SampleConfig, SampleRequest};
use vq_pipeline::{GeneratedImages, GeneratorCheckpoint, GeneratorUse, ImageGenerator, to_rgb};

use crate::input::WeightsArg;
use crate::output::{png_paths, refuse_existing, write_new, write_png};
use crate::tokens::{Header, TokenLine};
use requests::{Request, Requests, condition, known};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("where").required(true).multiple(true).args(["out", "grid"]))]
pub(crate) struct Args {
    /// A generator's run folder, or a checkpoint of it.
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// Where its tokenizer lies now [default: where it lay when the generator was trained].
    #[arg(long, value_name = "RUN")]
    tokenizer: Option<PathBuf>,
    /// Where its tokenizer of segmentations lies now.
    #[arg(long, value_name = "RUN")]
    segmentation_tokenizer: Option<PathBuf>,
    /// `auto`, `cpu` or `cuda:N`.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Which weights of the checkpoint.
    #[arg(long, value_enum, default_value = "ema")]
    weights: WeightsArg,
    #[command(flatten)]
    conditions: ConditionArgs,
    #[command(flatten)]
    sampling: Sampling,
    /// Folder for the images, `0000.png` and so on, and `ids.jsonl` with their ids.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Write all images to this PNG, each request a row, with its words below.
    #[arg(long, value_name = "FILE")]
    grid: Option<PathBuf>,
}

/// What is to be shown; each kind may be requests often. IMAGE is a file, `emoji:NAME`, or `validation:N`, the image of that
/// number of the generator's validation set.
#[derive(Debug, clap::Args)]
pub(crate) struct ConditionArgs {
    /// A class, by name or number.
    #[arg(long = "class", value_name = "CLASS")]
    classes: Vec<String>,
    /// A text.
    #[arg(long = "text", value_name = "TEXT")]
    texts: Vec<String>,
    /// A segmentation: a grey picture whose levels are labels, or a coloured one as `vq-data` colours them.
    #[arg(long = "segmentation", value_name = "IMAGE")]
    segmentations: Vec<String>,
    /// Make anew what is white in the mask, a picture as large as the image, and keep the rest.
    #[arg(long, num_args = 2, value_names = ["IMAGE", "MASK"], conflicts_with = "complete")]
    inpaint: Vec<String>,
    /// Keep the upper rows of ids of this image, and make the others anew.
    #[arg(long, value_name = "IMAGE")]
    complete: Vec<String>,
    /// Rows of ids that are kept [default: half].
    #[arg(long, value_name = "ROWS", requires = "complete")]
    keep_rows: Option<i64>,
}

/// How ids are drawn.
#[derive(Debug, clap::Args)]
pub(crate) struct Sampling {
    /// Images for each request.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) count: usize,
    /// The seed of the first image; the others have the numbers that follow.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Images that are made at a time; decides speed and memory, not what is made.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) batch: usize,
    /// Divides log-probabilities before drawing: less is bolder.
    #[arg(long, value_name = "T", default_value_t = 1.0)]
    temperature: f64,
    /// Draw among so many of the likeliest ids; all if it is more than there are.
    #[arg(long, value_name = "K")]
    top_k: Option<i64>,
    /// Draw among the fewest likeliest ids that reach this probability together.
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    top_p: f64,
    /// Weight of the request: 1 asks for it plainly, more insists (classifier-free guidance).
    #[arg(long, value_name = "W", default_value_t = 1.0)]
    guidance: f64,
    /// Rounds of a masked generator [default: 8].
    #[arg(long, value_name = "N")]
    rounds: Option<i64>,
    /// Weight of chance in what a masked generator keeps of a round [default: 4.5].
    #[arg(long, value_name = "T")]
    choice_temperature: Option<f64>,
}

impl Sampling {
    pub(crate) fn config(&self, order: Order) -> Result<GenerationConfig> {
        let draw = SampleConfig { temperature: self.temperature, top_k: self.top_k, top_p: self.top_p };
        let asked = self.rounds.is_some() || self.choice_temperature.is_some();
        let rounds = match order {
            Order::Masked => {
                let default = RoundsConfig::default();
                let steps = self.rounds.unwrap_or(default.steps);
                let choice_temperature = self.choice_temperature.unwrap_or(default.choice_temperature);
                Some(RoundsConfig { steps, choice_temperature })
            }
            Order::Autoregressive { .. } if asked => {
                bail!("--rounds and --choice-temperature: expected a masked generator, got an autoregressive one")
            }
            Order::Autoregressive { .. } => None,
        };
        let config = GenerationConfig { draw, guidance: self.guidance, rounds };
        config.check()?;
        for (name, value) in [("--count", self.count), ("--batch", self.batch)] {
            if value == 0 {
                bail!("{name}: expected at least 1, got 0");
            }
        }
        Ok(config)
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    args.grid.iter().try_for_each(|path| refuse_existing(path))?;
    let checkpoint = GeneratorCheckpoint::open(&args.checkpoint)?;
    let with = GeneratorUse {
        weights: args.weights.into(),
        tokenizer: args.tokenizer.clone(),
        segmentation_tokenizer: args.segmentation_tokenizer.clone(),
    };
    let generator = ImageGenerator::open(&checkpoint, &with, args.device.resolve()?)?;
    let config = args.sampling.config(generator.setup.experiment.generator.order)?;
    let requests = Requests::read(&args.conditions, &generator)?;
    let per_request = args.sampling.count;
    let total = requests.requests.len() * per_request;
    let stems: Vec<String> = (0..total).map(|number| format!("{number:04}")).collect();
    let paths = args.out.as_deref().map(|folder| png_paths(folder, &stems)).transpose()?;
    let ids_path = args.out.as_ref().map(|folder| folder.join("ids.jsonl"));
    ids_path.iter().try_for_each(|path| refuse_existing(path))?;
    let made = make(args, &generator, &config, &requests)?;
    if let (Some(folder), Some(paths), Some(ids_path)) = (&args.out, &paths, &ids_path) {
        let header = Header::new(&generator.setup.tokenizer.sha256, &generator.tokens.grid.layout);
        let mut lines = serde_json::to_string(&header)? + "\n";
        for (number, path) in paths.iter().enumerate() {
            write_png(path, &to_rgb(&made.images.get(number as i64))?)?;
            let ids = made.ids.narrow(0, number as i64, 1);
            lines += &(serde_json::to_string(&TokenLine::new(stems[number].clone(), &ids)?)? + "\n");
        }
        write_new(ids_path, lines.as_bytes())?;
        print_line!("{} images in {}", paths.len(), folder.display());
    }
    if let Some(path) = &args.grid {
        write_png(path, &sheet::draw(&requests, &made.images, per_request, &generator)?)?;
        print_line!("{}", path.display());
    }
    Ok(())
}

/// Images of all requests, one request after another.
struct Made {
    /// `[B, 3, S, S]`.
    images: Tensor,
    /// `[B, H, W, S]`.
    ids: Tensor,
}

fn make(args: &Args, generator: &ImageGenerator, config: &GenerationConfig, requests: &Requests) -> Result<Made> {
    let Sampling { count, seed, batch, .. } = args.sampling;
    let of_image: Vec<&Request> =
        requests.requests.iter().flat_map(|request| std::iter::repeat_n(request, count)).collect();
    let bar = ProgressBar::new(of_image.len().div_ceil(batch) as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} batches, {msg}")?);
    let (mut images, mut ids) = (Vec::new(), Vec::new());
    for (number, requests) in of_image.chunks(batch).enumerate() {
        let first = number * batch;
        let seeds: Vec<u64> = (first..first + requests.len()).map(|image| seed.wrapping_add(image as u64)).collect();
        let condition = condition(requests, generator)?;
        let known = known(requests);
        let request = SampleRequest { seeds: &seeds, condition: &condition, known: known.as_ref() };
        let watch = &mut |progress: vq_generate::Progress| {
            bar.set_message(format!("{}/{} of this one", progress.done, progress.total));
        };
        let GeneratedImages { images: made, sampled } = generator.generate(&request, config, watch)?;
        images.push(made.to_device(tch::Device::Cpu));
        ids.push(sampled.ids);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let join = |tensors: Vec<Tensor>| (!tensors.is_empty()).then(|| Tensor::cat(&tensors, 0));
    let images = join(images).context("generate: expected images, got none")?;
    let ids = join(ids).context("generate: expected ids, got none")?;
    Ok(Made { images, ids })
}
