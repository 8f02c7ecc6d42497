//! `vqct eval`, of a tokenizer.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use image::imageops::replace;
use image::{DynamicImage, Rgb, RgbImage};
use vq_data::grid::{GridCell, GridLayout, GridWords, Tone, draw_grid};
use vq_eval::{BleuScores, Ranking, RetrievalScores, SlicedConfig, Synonyms};
use vq_model::{InceptionConfig, InceptionScale};
use vq_run::{GeneratedCaption, figure_info, rank_of_figure};
use vq_scenes::Share;
use vq_study::{
    DistanceFigures, DistancesConfig, Evaluated, Evaluation, EvaluationPage, EvaluationRequest, GroundingFigures,
    InceptionFigures, LanguageFigures, ShownImage, ShownImages, TranslationFigures,
};

use crate::input::{TokenizerArgs, data_of};
use crate::output::{refuse_existing, write_new, write_png};

/// Pixels between an image and its reconstruction.
const GAP: u32 = 2;
const SHEET: GridLayout = GridLayout { columns: 5, cell: 288, picture: 144, padding: 8, letters: 15.0 };

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    /// Evaluate on the validation set of this experiment's `[data]` [default: that of the run].
    #[arg(long, value_name = "EXPERIMENT")]
    data: Option<PathBuf>,
    /// WordNet's folder (`index.noun`, `data.noun`, ..), whose synonyms METEOR counts [default: no synonyms].
    #[arg(long, value_name = "FOLDER")]
    wordnet: Option<PathBuf>,
    #[command(flatten)]
    distances: DistanceArgs,
    /// Write the figures and their conditions to this JSON file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write an HTML page of the figures, their conditions and some images.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the generated caption of each image to this file, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    captions: Option<PathBuf>,
    /// Write a PNG of some images: each beside its reconstruction, above its generated and its true caption.
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// The number of images on sheet and page.
    #[arg(long, value_name = "N", default_value_t = 20)]
    shown: usize,
    /// The seed that selects these images.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    shown_seed: u64,
}

/// Distances beyond PSNR and SSIM.
#[derive(Debug, clap::Args)]
struct DistanceArgs {
    /// Measure the sliced Wasserstein distance on Laplacian patches, which needs no weights.
    #[arg(long)]
    sliced: bool,
    /// Measure LPIPS, by these files of weights.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    lpips: Vec<PathBuf>,
    /// Measure FID, KID, precision and recall, and the Inception score, by this file of weights.
    #[arg(long, value_name = "FILE")]
    inception: Option<PathBuf>,
    /// The SHA-256 that the file must have.
    #[arg(long, value_name = "HEX", requires = "inception")]
    inception_sha256: Option<String>,
    /// Measure the Fréchet distance of this scene classifier's features, which is not FID.
    #[arg(long, value_name = "RUN")]
    scene_classifier: Option<PathBuf>,
}

impl DistanceArgs {
    fn config(&self) -> DistancesConfig {
        let inception = self.inception.clone().map(|file| InceptionConfig {
            file,
            sha256: self.inception_sha256.clone(),
            scale: InceptionScale::default(),
        });
        DistancesConfig {
            sliced: self.sliced.then(SlicedConfig::default),
            lpips: self.lpips.clone(),
            inception,
            scene_classifier: self.scene_classifier.clone(),
            ..DistancesConfig::default()
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    args.json
        .iter()
        .chain(&args.html)
        .chain(&args.captions)
        .chain(&args.sheet)
        .try_for_each(|path| refuse_existing(path))?;
    let checkpoint = args.tokenizer.open()?;
    let synonyms = args.wordnet.as_deref().map(Synonyms::wordnet).transpose()?;
    let data = args.data.as_deref().map(data_of).transpose()?;
    let (weights, device) = (args.tokenizer.weights(), args.tokenizer.device()?);
    let shown = args.sheet.as_ref().or(args.html.as_ref());
    let shown = shown.map(|_| ShownImages { count: args.shown, seed: args.shown_seed });
    let distances = args.distances.config();
    let request = EvaluationRequest { weights, device, data, synonyms, distances, shown };
    let Evaluated { evaluation, captions, shown, .. } = request.run(&checkpoint)?;
    print(&evaluation);
    if let Some(path) = &args.json {
        let mut json = serde_json::to_vec_pretty(&evaluation)?;
        json.push(b'\n');
        write_new(path, &json)?;
    }
    if let Some(path) = &args.html {
        write_new(path, EvaluationPage::of(&evaluation, &shown)?.html().as_bytes())?;
    }
    if let Some(path) = &args.captions {
        let name = path.display();
        ensure!(
            !captions.is_empty(),
            "{name}: expected generated captions, got none: the tokenizer has no caption decoder or the data no captions"
        );
        write_new(path, &lines(&captions)?)?;
    }
    if let Some(path) = &args.sheet {
        write_png(path, &sheet(&shown)?)?;
    }
    Ok(())
}

/// Images beside their reconstructions, above their captions.
fn sheet(shown: &[ShownImage]) -> Result<RgbImage> {
    let cell = |image: &ShownImage| {
        let (width, height) = image.original.dimensions();
        let mut pair = RgbImage::from_pixel(2 * width + GAP, height, Rgb([255; 3]));
        replace(&mut pair, &image.original, 0, 0);
        replace(&mut pair, &image.reconstruction, (width + GAP).into(), 0);
        let caption = image.caption.as_ref();
        let words = |text: String, tone| GridWords { text, tone, lines: 3 };
        let generated = caption.map(|caption| words(caption.generated.clone(), Tone::Plain));
        let truth = caption.and_then(|caption| caption.caption.clone()).map(|text| words(text, Tone::Faint));
        let words = generated.into_iter().chain(truth).collect();
        GridCell { picture: DynamicImage::ImageRgb8(pair).to_rgba8(), words }
    };
    let cells: Vec<GridCell> = shown.iter().map(cell).collect();
    Ok(draw_grid(&cells, SHEET)?)
}

fn lines(captions: &[GeneratedCaption]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for caption in captions {
        serde_json::to_writer(&mut bytes, caption).context("encode captions")?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn print(evaluation: &Evaluation) {
    let Evaluation { conditions, images, codebook, distances, words, language, .. } = evaluation;
    let (tokenizer, data) = (&conditions.tokenizer, &conditions.data);
    let (name, seed, step) = (&tokenizer.experiment, tokenizer.seed, tokenizer.step);
    print_line!("tokenizer  {name}, seed {seed}, step {step}, {}", &tokenizer.sha256);
    print_line!("images     {}, {}", data.images, data.sha256);
    if !data.damaged.is_empty() {
        print_line!("  {} damaged images were skipped: {}", data.damaged.len(), data.damaged.join(", "));
    }
    let metric = |(name, &value): (&String, &f64)| {
        let info = figure_info("validation", name);
        format!("{} {} {}", info.title, info.format(value), info.unit).trim_end().to_owned()
    };
    let mut images: Vec<_> = images.iter().collect();
    images.sort_by_key(|(name, _)| rank_of_figure("validation", name));
    print_line!("metrics    {}", images.into_iter().map(metric).collect::<Vec<_>>().join(", "));
    print_line!("codes      {:.1} % used", evaluation.usage() * 100.0);
    for group in codebook {
        let gini = group.gini.map_or(String::new(), |gini| format!(", Gini {gini:.3}"));
        print_line!("  {:<10} {} of {}, perplexity {:.1}{gini}", group.group, group.used, group.size, group.perplexity);
    }
    distances.iter().for_each(print_distances);
    words.iter().for_each(print_grounding);
    match language {
        Some(language) => print_language(language),
        None => print_line!("captions   none are generated"),
    }
}

fn print_distances(figures: &DistanceFigures) {
    let DistanceFigures { sliced, lpips, inception, scene_classifier_frechet, .. } = figures;
    if let Some(sliced) = sliced {
        let levels = sliced.levels.iter().map(|level| format!("{} {:.4}", level.height, level.distance));
        print_line!(
            "sliced Wasserstein distance {:.4} (levels {})",
            sliced.mean,
            levels.collect::<Vec<_>>().join(", ")
        );
    }
    lpips.iter().for_each(|lpips| print_line!("LPIPS      {lpips:.4}"));
    if let Some(InceptionFigures { frechet, kernel, precision_recall, score }) = inception {
        print_line!("FID        {frechet}");
        print_line!("KID        {:.6}", kernel.distance);
        print_line!("precision  {:.4}, recall {:.4}", precision_recall.precision, precision_recall.recall);
        print_line!("Inception score {:.3} ± {:.3}", score.mean, score.spread);
    }
    if let Some(distance) = scene_classifier_frechet {
        print_line!("Fréchet distance of the scene classifier's features (not FID): {distance}");
    }
}

fn print_grounding(figures: &GroundingFigures) {
    let GroundingFigures { group, pointing, chosen, .. } = figures;
    let Some(pointing) = pointing else { return };
    let (accuracy, chance) = (pointing.accuracy * 100.0, pointing.chance * 100.0);
    print_line!("pointing   {group}: {accuracy:.1} % of {} words (chance {chance:.1} %)", pointing.words);
    let Some(chosen) = chosen else { return };
    let (inside, area) = (chosen.inside * 100.0, chosen.area * 100.0);
    print_line!(
        "  chosen for {} words, {inside:.1} % of positions inside the mask, which covers {area:.1} % of the image",
        chosen.words
    );
}

fn print_language(figures: &LanguageFigures) {
    if let Some(translation) = &figures.translation {
        print_translation(translation);
    }
    if let Some(RetrievalScores { image_to_text, text_to_image }) = &figures.retrieval {
        let recalls = |ranking: &Ranking| {
            let Ranking { recall_at_1, recall_at_5, recall_at_10, .. } = *ranking;
            [recall_at_1, recall_at_5, recall_at_10].map(|recall| format!("{:.1}", recall * 100.0)).join(" ")
        };
        let (to_text, to_image) = (recalls(image_to_text), recalls(text_to_image));
        print_line!("retrieval  R@1 5 10: image to text {to_text}, text to image {to_image}");
    }
}

fn print_translation(figures: &TranslationFigures) {
    let TranslationFigures { likelihood, exact, scores, scenes, directions } = figures;
    let percent = |share: f64| share * 100.0;
    let (nats, accuracy) = (likelihood.negative_log_likelihood, percent(likelihood.accuracy));
    print_line!("captions   {nats:.3} nats per token, {accuracy:.1} % top-1 accuracy");
    let BleuScores { bleu1, bleu2, bleu3, bleu4 } = scores.bleu;
    let [one, two, three, four] = [bleu1, bleu2, bleu3, bleu4].map(percent);
    print_line!("  BLEU-1..4 {one:.1} {two:.1} {three:.1} {four:.1}, ROUGE-L {:.1}", percent(scores.rouge_l));
    print_line!(
        "  METEOR {:.1}, CIDEr-D {:.3}, exact matches {:.1} %",
        percent(scores.meteor),
        scores.cider_d,
        percent(*exact)
    );
    if let Some(grades) = scenes {
        let shown = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| format!("{:.1} %", percent(value)));
        let share = |share: Share| shown(share.value());
        let (f1, attributes) = (shown(grades.object_f1()), share(grades.attributes()));
        let (relations, directions) = (share(grades.relation_recall), shown(directions.and_then(Share::value)));
        print_line!("  objects F1 {f1}, attributes {attributes}, all true {}", share(grades.all_true));
        print_line!("  relation recall {relations}, directions {directions}");
    }
}
