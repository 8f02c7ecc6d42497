//! `vqct generate`.

mod args;
mod requests;
mod sheet;

use std::path::PathBuf;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use tch::Tensor;
use vq_core::DeviceChoice;
use vq_generate::{GenerationConfig, SampleRequest};
use vq_pipeline::{GeneratedImages, GeneratorCheckpoint, GeneratorUse, ImageGenerator, to_rgb};

use crate::input::WeightsArg;
use crate::output::{png_paths, refuse_existing, write_new, write_png};
use crate::tokens::{Header, TokenLine};
use args::ConditionArgs;
use requests::{Request, Requests, condition, known};

pub(crate) use args::Sampling;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("where").required(true).multiple(true).args(["out", "grid"]))]
pub(crate) struct Args {
    /// A generator's run folder, or a checkpoint of it.
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// The run of its tokenizer, if it has moved since the generator was trained.
    #[arg(long, value_name = "RUN")]
    tokenizer: Option<PathBuf>,
    /// The run of its tokenizer of segmentations, if it has moved since.
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
