//! Measuring a tokenizer.

use std::collections::BTreeSet;

use image::RgbImage;
use tch::Device;
use vq_core::{Histogram, Mode};
use vq_data::EpochStream;
use vq_eval::Synonyms;
use vq_experiment::{DataConfig, Weights};
use vq_pipeline::{Checkpoint, DataHash, TokenizerFigures, TokenizerMetrics, TokenizerState, environment, to_rgb};
use vq_run::GeneratedCaption;
use vq_scenes::{EmojiScenes, Scene};
use vq_train::TokenizerPlan;

use super::conditions::{EvaluatedData, EvaluatedTokenizer, EvaluationConditions};
use super::distances::{Distances, DistancesConfig};
use super::format::{Evaluation, FORMAT, VERSION};
use super::grounding::Grounding;
use super::language::{CaptionedBatch, LanguageMetrics};
use crate::StudyError;

/// What to evaluate, and how.
#[derive(Debug, Clone)]
pub struct EvaluationRequest {
    /// Which weights of the checkpoint.
    pub weights: Weights,
    /// The device that computes.
    pub device: Device,
    /// The data whose validation set is evaluated; by default those of the run.
    pub data: Option<DataConfig>,
    /// Synonyms for METEOR; none: METEOR without synonyms.
    pub synonyms: Option<Synonyms>,
    /// Distances beyond PSNR and SSIM.
    pub distances: DistancesConfig,
    /// Images that are returned with their reconstructions and captions.
    pub shown: Option<ShownImages>,
}

/// Which images are shown: so many, or all if there are fewer, chosen by a seed alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownImages {
    /// How many.
    pub count: usize,
    /// Chooses which.
    pub seed: u64,
}

/// An image with its reconstruction.
#[derive(Debug)]
pub struct ShownImage {
    /// Its index in the validation set.
    pub image: usize,
    /// The image as the tokenizer gets it.
    pub original: RgbImage,
    /// Its reconstruction from its ids alone.
    pub reconstruction: RgbImage,
    /// Its generated caption, if a module is trained for captions.
    pub caption: Option<GeneratedCaption>,
}

/// An evaluation, and the generated caption of each image.
#[derive(Debug)]
pub struct Evaluated {
    /// The figures.
    pub evaluation: Evaluation,
    /// How often each code was chosen, group by group.
    pub histograms: Vec<Histogram>,
    /// Generated captions, image by image; empty if no module is trained for captions.
    pub captions: Vec<GeneratedCaption>,
    /// The images to be shown, in the order of the set.
    pub shown: Vec<ShownImage>,
}

impl ShownImages {
    /// The indices in a set of so many images.
    fn indices(self, images: usize) -> Result<BTreeSet<usize>, StudyError> {
        let mut order = EpochStream::new(images, self.seed)?;
        Ok((0..self.count.min(images)).map(|position| order.at(position as u64)).collect())
    }
}

impl EvaluationRequest {
    /// An evaluation with averaged weights on the validation set of the run, without further distances or images.
    pub fn new(device: Device) -> Self {
        let distances = DistancesConfig::default();
        Self { weights: Weights::Ema, device, data: None, synonyms: None, distances, shown: None }
    }

    /// Evaluates the tokenizer of a checkpoint.
    ///
    /// # Errors
    /// [`StudyError`] of what cannot be read, built or measured.
    pub fn run(self, checkpoint: &Checkpoint) -> Result<Evaluated, StudyError> {
        let plan = TokenizerPlan::for_evaluation(checkpoint, self.data.clone(), self.device)?;
        let state = TokenizerState::load_weights(checkpoint, self.device, self.weights)?;
        let _no_gradients = tch::no_grad_guard();
        let tokenizer = &state.tokenizer;
        let mut metrics = TokenizerMetrics::new(tokenizer.layout())?;
        let world = plan.validation_scenes()?;
        let grounding = || Grounding::new(&plan.experiment.quantizer, tokenizer.layout(), state.prior.as_ref());
        let mut grounding = world.as_ref().and_then(|_| grounding());
        let synonyms = || self.synonyms.clone().unwrap_or_default();
        let mut language = state.captions.as_ref().map(|head| LanguageMetrics::new(head, synonyms())).transpose()?;
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
            metrics.update(&reconstruction, &images)?;
            distances.update(&reconstruction.images, &images)?;
            for (position, &image) in (0..).zip(&batch.indices).filter(|(_, image)| wanted.contains(image)) {
                let original = to_rgb(&images.get(position))?;
                let reconstruction = to_rgb(&reconstruction.images.get(position))?;
                shown.push(ShownImage { image, original, reconstruction, caption: None });
            }
            let scene = |world: &EmojiScenes| batch.indices.iter().map(|&image| world.scene(image as u64)).collect();
            let scenes: Vec<Scene> = world.as_ref().map(scene).unwrap_or_default();
            if let Some(grounding) = &mut grounding {
                grounding.update(&reconstruction.latents, &reconstruction.quantized, &scenes)?;
            }
            if let Some(language) = &mut language {
                let codes = &reconstruction.quantized.codes;
                language.update(&CaptionedBatch {
                    codes,
                    images: &batch.indices,
                    captions: &captions,
                    scenes: &scenes,
                })?;
            }
        }
        if count == 0 {
            return Err(StudyError::NoImages { metric: "PSNR" });
        }
        let header = checkpoint.header();
        let TokenizerPlan { experiment, device, .. } = &plan;
        let TokenizerFigures { images, groups, histograms } = metrics.compute();
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
                environment: environment(*device),
            },
            images,
            distances: distances.compute()?,
            codebook: groups,
            words: grounding.map(|grounding| grounding.compute()).unwrap_or_default(),
            language: language.as_ref().and_then(LanguageMetrics::compute),
        };
        let captions = language.map(LanguageMetrics::into_captions).unwrap_or_default();
        for image in &mut shown {
            image.caption = captions.iter().find(|caption| caption.image == image.image).cloned();
        }
        Ok(Evaluated { evaluation, histograms, captions, shown })
    }
}
