//! `vqct eval generator`.

use std::path::PathBuf;

use anyhow::Result;
use image::imageops::replace;
use image::{DynamicImage, Rgb, RgbImage};
use indicatif::{ProgressBar, ProgressStyle};
use vq_core::DeviceChoice;
use vq_data::grid::{GridCell, GridLayout, GridWords, Tone, draw_grid};
use vq_experiment::Weights;
use vq_pipeline::{
    Checkpoint, GeneratorCheckpoint, GeneratorUse, ImageGenerator, SceneClassifierCheckpoint, SceneScores,
    TrainedSceneClassifier, to_rgb,
};
use vq_scenes::{SceneGrades, Share};
use vq_study::{GeneratedScene, SceneFigures, TextToImageRequest};

use crate::generate::Sampling;
use crate::output::{refuse_existing, write_new, write_png};

/// Pixels between pictures of a cell.
const GAP: u32 = 2;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A generator's run folder or checkpoint; it must have been trained on captions of scenes.
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// The run of its tokenizer, if it has moved since the generator was trained.
    #[arg(long, value_name = "RUN")]
    tokenizer: Option<PathBuf>,
    /// A run or checkpoint of `vqct train scene-classifier`, for images of the same size.
    #[arg(long, value_name = "RUN")]
    scene_classifier: PathBuf,
    /// A run whose caption decoder generates captions of the ids; it must have started from the same tokenizer.
    #[arg(long, value_name = "RUN")]
    caption_decoder: Option<PathBuf>,
    /// `auto`, `cpu` or `cuda:N`.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// How ids are sampled; `--count` is the number of scenes of the validation set, from the first on.
    #[command(flatten)]
    sampling: Sampling,
    /// Write the figures and their conditions to this JSON file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a PNG of scenes: each with its reconstruction and the image generated from its caption.
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// How many scenes it shows.
    #[arg(long, value_name = "N", default_value_t = 20, requires = "sheet")]
    shown: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    args.json.iter().chain(&args.sheet).try_for_each(|path| refuse_existing(path))?;
    let device = args.device.resolve()?;
    let checkpoint = GeneratorCheckpoint::open(&args.checkpoint)?;
    let with = GeneratorUse { tokenizer: args.tokenizer.clone(), ..GeneratorUse::default() };
    let generator = ImageGenerator::open(&checkpoint, &with, device)?;
    let classifier_checkpoint = SceneClassifierCheckpoint::open(&args.scene_classifier)?;
    let classifier = TrainedSceneClassifier::load(&classifier_checkpoint, device)?;
    let caption_decoder = args.caption_decoder.as_deref().map(Checkpoint::open).transpose()?;
    let config = args.sampling.config(generator.setup.experiment.generator.order)?;
    let request = TextToImageRequest {
        generator: &generator,
        sha256: checkpoint.sha256(Weights::Ema),
        classifier: &classifier,
        classifier_sha256: classifier_checkpoint.sha256(Weights::Raw),
        caption_decoder: caption_decoder.as_ref(),
        count: args.sampling.count,
        seed: args.sampling.seed,
        config,
        batch: args.sampling.batch,
        device,
    };
    let bar = ProgressBar::new(args.sampling.count as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} images, {eta} left")?);
    let result = request.run(&checkpoint, &mut |done| bar.inc(done as u64))?;
    bar.finish_and_clear();
    let figures = &result.figures;
    print_line!("generator  {}, step {}, {}", figures.conditions.experiment, figures.conditions.step, request.sha256);
    print_line!("images     {}, one per scene caption", figures.conditions.images);
    print_figures("generated images", &figures.generated);
    print_figures("reconstructed scenes", &figures.reconstructed);
    print_scores("original scenes", &figures.originals);
    if let Some(path) = &args.json {
        let mut json = serde_json::to_vec_pretty(figures)?;
        json.push(b'\n');
        write_new(path, &json)?;
    }
    if let Some(path) = &args.sheet {
        let shown = args.shown.min(result.scenes.len());
        write_png(path, &sheet(&result.scenes[..shown])?)?;
    }
    Ok(())
}

fn print_figures(what: &str, figures: &SceneFigures) {
    print_scores(what, &figures.classified);
    if let Some(captioned) = &figures.captioned {
        let SceneGrades { color, all_objects, all_true, .. } = captioned;
        let f1 = percent(captioned.object_f1());
        print_line!(
            "  captions    objects F1 {f1}, colours {}, all objects {}, all true {}",
            of(*color),
            of(*all_objects),
            of(*all_true)
        );
    }
    print_line!(
        "  Fréchet distance of the scene classifier's features (not FID): {}",
        figures.scene_classifier_frechet
    );
}

fn print_scores(what: &str, scores: &SceneScores) {
    let SceneScores { color, all_objects, all_right, likeliest, asked_color, .. } = scores;
    print_line!("{what}");
    let f1 = percent(scores.object_f1());
    let (colors, all, right) = (of(*color), of(*all_objects), of(*all_right));
    print_line!("  classifier  objects F1 {f1}, colours {colors}, all objects {all}, all right {right}");
    print_line!(
        "              caption's objects: among the likeliest {}, in the right colour {}",
        of(*likeliest),
        of(*asked_color)
    );
}

fn of(share: Share) -> String {
    percent(share.value())
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{:.1} %", value * 100.0))
}

/// Scene, reconstruction and generated image side by side; below them the caption and the generated caption.
fn sheet(scenes: &[GeneratedScene]) -> Result<RgbImage> {
    let mut cells = Vec::new();
    let mut side = 1;
    for scene in scenes {
        let pictures = [&scene.original, &scene.reconstruction, &scene.generated];
        let pictures = pictures.map(to_rgb).into_iter().collect::<Result<Vec<_>, _>>()?;
        side = pictures[0].width();
        let mut row = RgbImage::from_pixel(3 * side + 2 * GAP, side, Rgb([255; 3]));
        for (column, picture) in (0_u32..).zip(&pictures) {
            replace(&mut row, picture, i64::from(column * (side + GAP)), 0);
        }
        let mut words = vec![GridWords { text: scene.caption.clone(), tone: Tone::Plain, lines: 3 }];
        words.extend(scene.generated_caption.clone().map(|text| GridWords { text, tone: Tone::Faint, lines: 3 }));
        cells.push(GridCell { picture: DynamicImage::ImageRgb8(row).to_rgba8(), words });
    }
    let picture = side.max(96);
    let layout = GridLayout { columns: 4, cell: 3 * picture + 16, picture, padding: 6, letters: 13.0 };
    Ok(draw_grid(&cells, layout)?)
}
