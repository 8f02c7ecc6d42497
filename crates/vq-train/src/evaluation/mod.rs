//! A trained tokenizer, measured on a validation set: figures, and all that decides them.

mod comparison;
mod conditions;
mod distances;
mod grounding;
mod language;
mod page;

use std::collections::BTreeSet;

use image::RgbImage;
use serde::{Deserialize, Serialize};
use tch::Device;
use vq_core::{Histogram, Mode, UsageCounter};
use vq_data::{EmojiScenes, EpochStream, Scene};
use vq_eval::{MsSsim, Psnr, Ssim, Synonyms};

pub use comparison::{Difference, EvaluationComparison};
pub use conditions::{EvaluatedData, EvaluatedTokenizer, EvaluationConditions};
use distances::Distances;
pub use distances::{DistanceFigures, DistancesConfig, InceptionFigures};
use grounding::Grounding;
pub use grounding::GroundingFigures;
pub use language::{LanguageFigures, TranslationFigures};
use language::{LanguageSums, SpokenBatch};
pub use page::EvaluationPage;

use crate::data_hash::DataHash;
use crate::metrics_log::GroupRecord;
use crate::{Checkpoint, DataConfig, Environment, Plan, TokenizerState, ToldImage, TrainError, Weights, to_rgb};

const FORMAT: &str = "vqct-evaluation";
const VERSION: u32 = 2;

/// What to evaluate, and how.
#[derive(Debug, Clone)]
pub struct EvaluationRequest {
    /// Which weights of the checkpoint.
    pub weights: Weights,
    /// Where to compute.
    pub device: Device,
    /// The data whose validation set is evaluated; that of the run if none is given.
    pub data: Option<DataConfig>,
    /// Synonyms for METEOR; may be none at all.
    pub synonyms: Option<Synonyms>,
    /// Distances beyond PSNR and SSIM.
    pub distances: DistancesConfig,
    /// Images that are given back with what became of them.
    pub shown: Option<ShownImages>,
}

/// Which images are shown: so many (all, if there are fewer), chosen by a seed alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownImages {
    /// How many.
    pub count: usize,
    /// Decides which.
    pub seed: u64,
}

/// An image, and what became of it.
#[derive(Debug)]
pub struct ShownImage {
    /// Its index in the validation set.
    pub image: usize,
    /// As the tokenizer was given it.
    pub original: RgbImage,
    /// From its ids alone.
    pub reconstruction: RgbImage,
    /// What was said of it, if a module tells captions.
    pub told: Option<ToldImage>,
}

/// Figures of a tokenizer on a validation set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// `vqct-evaluation`.
    pub format: String,
    /// The version of this format.
    pub version: u32,
    /// What decides the figures.
    pub conditions: EvaluationConditions,
    /// Of the reconstructions.
    pub images: ImageFigures,
    /// Use of each group of codes.
    pub codebook: Vec<GroupRecord>,
    /// Of reconstructions and images as sets, and by networks, as far as it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distances: Option<DistanceFigures>,
    /// Of the words of codes, where codes are words and images are scenes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<GroundingFigures>,
    /// Of captions, if a module tells them and the images have them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageFigures>,
}

/// How near reconstructions are to their images: means over all images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageFigures {
    /// In dB.
    pub psnr: f64,
    /// Windows of 11x11.
    pub ssim: f64,
    /// Over as many scales as the size allows.
    pub ms_ssim: f64,
}

/// An evaluation, and what was said of each image.
#[derive(Debug)]
pub struct Evaluated {
    /// The figures.
    pub evaluation: Evaluation,
    /// How often each code was chosen, group by group.
    pub histograms: Vec<Histogram>,
    /// What was said, image by image; nothing if no module tells captions.
    pub told: Vec<ToldImage>,
    /// The images that were to be shown, in the order of the set.
    pub shown: Vec<ShownImage>,
}

impl ShownImages {
    /// The indices, of a set of so many images.
    fn indices(self, images: usize) -> Result<BTreeSet<usize>, TrainError> {
        let mut order = EpochStream::new(images, self.seed)?;
        Ok((0..self.count.min(images)).map(|position| order.at(position as u64)).collect())
    }
}

impl Evaluation {
    /// Share of all codes that are used at least once.
    pub fn usage(&self) -> f64 {
        let sum = |count: fn(&GroupRecord) -> i64| self.codebook.iter().map(count).sum::<i64>() as f64;
        sum(|group| group.used) / sum(|group| group.size)
    }

    /// Reads an evaluation from its JSON.
    ///
    /// # Errors
    /// [`TrainError::Evaluation`] if it is of another format or version, or does not parse; `name` says what is read.
    pub fn from_json(name: &str, json: &str) -> Result<Self, TrainError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let refuse = |expected: String, got: String| TrainError::Evaluation { name: name.to_owned(), expected, got };
        let expected = || format!("{FORMAT} version {VERSION}");
        let head: Head = serde_json::from_str(json).map_err(|error| refuse(expected(), error.to_string()))?;
        if (head.format.as_str(), head.version) != (FORMAT, VERSION) {
            return Err(refuse(expected(), format!("{} version {}", head.format, head.version)));
        }
        serde_json::from_str(json).map_err(|error| refuse(expected(), error.to_string()))
    }
}

impl EvaluationRequest {
    /// Evaluates the tokenizer of a checkpoint.
    ///
    /// # Errors
    /// [`TrainError`] of whatever cannot be read, built or measured.
    pub fn run(self, checkpoint: &Checkpoint) -> Result<Evaluated, TrainError> {
        let plan = Plan::to_evaluate(checkpoint, self.data.clone(), self.device)?;
        let state = TokenizerState::restore_with(checkpoint, self.device, self.weights)?;
        let _no_gradients = tch::no_grad_guard();
        let tokenizer = &state.tokenizer;
        let (mut psnr, mut ssim, mut ms_ssim) = (Psnr::default(), Ssim::default(), MsSsim::default());
        let mut usage = UsageCounter::new(tokenizer.layout())?;
        let world = plan.validation_scenes()?;
        let grounding = || Grounding::new(&plan.experiment.quantizer, tokenizer.layout(), state.prior.as_ref());
        let mut grounding = world.as_ref().and_then(|_| grounding());
        let synonyms = || self.synonyms.clone().unwrap_or_default();
        let mut language = state.captions.as_ref().map(|head| LanguageSums::new(head, synonyms())).transpose()?;
        let mut distances = Distances::new(&self.distances, self.device)?;
        let (mut hash, mut count) = (DataHash::default(), 0);
        let wanted = self.shown.map(|shown| shown.indices(plan.image_counts()[1])).transpose()?.unwrap_or_default();
        let mut shown = Vec::new();
        for batch in plan.validation_batches()? {
            let batch = batch?;
            let captions = plan.validation_captions(&batch.indices)?;
            hash.update(&batch, &captions);
            count += batch.count as u64;
            let images = plan.to_tensor(&batch);
            let reconstruction = tokenizer.reconstruct(&images, Mode::Eval)?;
            psnr.update(&reconstruction.images, &images)?;
            ssim.update(&reconstruction.images, &images)?;
            ms_ssim.update(&reconstruction.images, &images)?;
            usage.update(&reconstruction.quantized.indices)?;
            distances.update(&reconstruction.images, &images)?;
            for (place, &image) in (0..).zip(&batch.indices).filter(|(_, image)| wanted.contains(image)) {
                let original = to_rgb(&images.get(place))?;
                let reconstruction = to_rgb(&reconstruction.images.get(place))?;
                shown.push(ShownImage { image, original, reconstruction, told: None });
            }
            let scene = |world: &EmojiScenes| batch.indices.iter().map(|&image| world.scene(image as u64)).collect();
            let scenes: Vec<Scene> = world.as_ref().map(scene).unwrap_or_default();
            if let Some(grounding) = &mut grounding {
                grounding.update(&reconstruction.latents, &reconstruction.quantized, &scenes)?;
            }
            if let Some(language) = &mut language {
                let codes = &reconstruction.quantized.codes;
                language.update(&SpokenBatch {
                    codes,
                    images: &batch.indices,
                    captions: &captions,
                    scenes: &scenes,
                })?;
            }
        }
        let missing = |metric: &'static str| move || TrainError::NoFigure { metric };
        let header = checkpoint.header();
        let Plan { experiment, device, .. } = &plan;
        let evaluation = Evaluation {
            format: FORMAT.into(),
            version: VERSION,
            conditions: EvaluationConditions {
                tokenizer: EvaluatedTokenizer {
                    experiment: experiment.name.clone(),
                    seed: experiment.seed,
                    step: header.step,
                    sha256: checkpoint.sha256(self.weights),
                    weights: self.weights,
                },
                data: EvaluatedData {
                    config: experiment.data.clone(),
                    images: count,
                    sha256: hash.finish(),
                    damaged: plan.damaged_images().iter().map(|file| file.path.display().to_string()).collect(),
                },
                precision: experiment.train.precision,
                synonyms: self.synonyms.is_some(),
                distances: self.distances.clone(),
                environment: Environment::of(*device),
            },
            images: ImageFigures {
                psnr: psnr.compute().ok_or_else(missing("PSNR"))?,
                ssim: ssim.compute().ok_or_else(missing("SSIM"))?,
                ms_ssim: ms_ssim.compute().ok_or_else(missing("MS-SSIM"))?,
            },
            distances: distances.compute()?,
            codebook: usage.compute().iter().map(GroupRecord::of).collect(),
            words: grounding.map(|grounding| grounding.compute()).unwrap_or_default(),
            language: language.as_ref().and_then(LanguageSums::compute),
        };
        let told = language.map(LanguageSums::into_told).unwrap_or_default();
        for image in &mut shown {
            image.told = told.iter().find(|told| told.image == image.image).cloned();
        }
        Ok(Evaluated { evaluation, histograms: usage.histograms(), told, shown })
    }
}
