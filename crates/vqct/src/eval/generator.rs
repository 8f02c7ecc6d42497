//! `vqct eval generator`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use image::imageops::replace;
use image::{DynamicImage, Rgb, RgbImage};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use vq_core::DeviceChoice;
use vq_data::grid::{GridCell, GridLayout, GridWords, Tone, draw_grid};
use vq_data::scenes::{SceneGrades, Share};
use vq_train::{
    Checkpoint, GeneratorCheckpoint, GeneratorUse, ImageGenerator, JudgedScenes, MadeScene, RunDir, SceneFigures,
    SceneJudge, TextToImageRequest, Weights, to_rgb,
};

use crate::generate::Drawing;
use crate::output::{refuse_existing, write_new, write_png};

/// Pixels between pictures of a cell.
const GAP: u32 = 2;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A generator's run folder, or a checkpoint of it; it must have learned from captions of scenes.
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// Where its tokenizer lies now [default: where it lay when the generator was trained].
    #[arg(long, value_name = "RUN")]
    tokenizer: Option<PathBuf>,
    /// What sees things and colours: a file that `vqct train judge` made, for pictures of the same size.
    #[arg(long, value_name = "FILE")]
    judge: PathBuf,
    /// A run whose translator says what it reads in the ids: one that began with the same tokenizer.
    #[arg(long, value_name = "RUN")]
    reader: Option<PathBuf>,
    /// `auto`, `cpu` or `cuda:N`.
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// How ids are drawn; `--count` is the number of scenes of the validation set, from the first on.
    #[command(flatten)]
    drawing: Drawing,
    /// Write the figures, and all that decides them, to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a picture to this PNG: each scene, its reconstruction and what was made of its caption.
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// How many scenes it shows.
    #[arg(long, value_name = "N", default_value_t = 20, requires = "sheet")]
    shown: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    args.json.iter().chain(&args.sheet).try_for_each(|path| refuse_existing(path))?;
    let device = args.device.resolve()?;
    let in_run = |path: &PathBuf| if path.is_dir() { RunDir::existing(path).checkpoint() } else { path.clone() };
    let checkpoint = GeneratorCheckpoint::open(&in_run(&args.checkpoint))?;
    let with = GeneratorUse { tokenizer: args.tokenizer.clone(), ..GeneratorUse::default() };
    let generator = ImageGenerator::open(&checkpoint, &with, device)?;
    let judge = SceneJudge::open(&args.judge, device)?;
    let judge_bytes = std::fs::read(&args.judge).with_context(|| format!("read {}", args.judge.display()))?;
    let reader = args.reader.as_ref().map(|path| Checkpoint::open(&in_run(path))).transpose()?;
    let config = args.drawing.config(generator.setup.experiment.generator.order)?;
    let request = TextToImageRequest {
        generator: &generator,
        sha256: checkpoint.sha256(Weights::Ema),
        judge: &judge,
        judge_sha256: Sha256::digest(&judge_bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
        reader: reader.as_ref(),
        count: args.drawing.count,
        seed: args.drawing.seed,
        config,
        batch: args.drawing.batch,
        device,
    };
    let bar = ProgressBar::new(args.drawing.count as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} images, {eta} left")?);
    let result = request.run(&checkpoint, &mut |done| bar.inc(done as u64))?;
    bar.finish_and_clear();
    let figures = &result.figures;
    say!("generator  {}, step {}, {}", figures.conditions.experiment, figures.conditions.step, request.sha256);
    say!("images     {}, from the captions of as many scenes", figures.conditions.images);
    print_figures("made", &figures.generated);
    print_figures("scenes after the tokenizer", &figures.reconstructed);
    print_judged("scenes themselves", &figures.originals);
    if let Some(path) = &args.json {
        let mut json = serde_json::to_vec_pretty(figures)?;
        json.push(b'\n');
        write_new(path, &json)?;
    }
    if let Some(path) = &args.sheet {
        let shown = args.shown.min(result.made.len());
        write_png(path, &sheet(&result.made[..shown])?)?;
    }
    Ok(())
}

fn print_figures(what: &str, figures: &SceneFigures) {
    print_judged(what, &figures.judged);
    if let Some(told) = &figures.told {
        let SceneGrades { color, all_objects, all_true, .. } = told;
        let f1 = percent(told.object_f1());
        say!(
            "  read     objects F1 {f1}, colours {}, all objects {}, all true {}",
            of(*color),
            of(*all_objects),
            of(*all_true)
        );
    }
    say!("  distance of the judge's features (Fréchet; no FID): {}", figures.judge_frechet);
}

fn print_judged(what: &str, judged: &JudgedScenes) {
    let JudgedScenes { color, all_objects, all_right, likeliest, asked_color, .. } = judged;
    say!("{what}");
    let f1 = percent(judged.object_f1());
    let (colors, all, right) = (of(*color), of(*all_objects), of(*all_right));
    say!("  judged   objects F1 {f1}, colours {colors}, all objects {all}, all right {right}");
    say!("           asked for: among the likeliest {}, in the right colour {}", of(*likeliest), of(*asked_color));
}

fn of(share: Share) -> String {
    percent(share.value())
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{:.1} %", value * 100.0))
}

/// Scene, reconstruction and image from the caption, side by side; the caption below, and what is read in the ids.
fn sheet(made: &[MadeScene]) -> Result<RgbImage> {
    let mut cells = Vec::new();
    let mut side = 1;
    for scene in made {
        let pictures = [&scene.original, &scene.reconstruction, &scene.generated];
        let pictures = pictures.map(to_rgb).into_iter().collect::<Result<Vec<_>, _>>()?;
        side = pictures[0].width();
        let mut row = RgbImage::from_pixel(3 * side + 2 * GAP, side, Rgb([255; 3]));
        for (place, picture) in (0_u32..).zip(&pictures) {
            replace(&mut row, picture, i64::from(place * (side + GAP)), 0);
        }
        let mut words = vec![GridWords { text: scene.caption.clone(), tone: Tone::Plain, lines: 3 }];
        words.extend(scene.told.clone().map(|text| GridWords { text, tone: Tone::Faint, lines: 3 }));
        cells.push(GridCell { picture: DynamicImage::ImageRgb8(row).to_rgba8(), words });
    }
    let picture = side.max(96);
    let layout = GridLayout { columns: 4, cell: 3 * picture + 16, picture, padding: 6, letters: 13.0 };
    Ok(draw_grid(&cells, layout)?)
}
