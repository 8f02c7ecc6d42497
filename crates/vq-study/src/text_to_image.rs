//! How well images generated from captions of scenes show the scenes.

use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};
use vq_data::chw_from_rgb;
use vq_eval::{FrechetDistance, FrechetScores, Side};
use vq_experiment::Weights;
use vq_generate::{GenerationConfig, SampleRequest};
use vq_pipeline::{
    CaptionHead, Checkpoint, Conditioner, GeneratedImages, GeneratorCheckpoint, GeneratorImages, ImageGenerator,
    PipelineError, SceneScores, TokenizerState, TrainedSceneClassifier, environment,
};
use vq_run::Environment;
use vq_scenes::{CaptionGrader, SceneGrades};
use vq_scenes::{EmojiScenes, Scene};

use crate::StudyError;

const FORMAT: &str = "vqct-text-to-image";
const VERSION: u32 = 2;

/// How to evaluate a generator on the captions of scenes.
pub struct TextToImageRequest<'a> {
    /// The generator.
    pub generator: &'a ImageGenerator,
    /// SHA-256 of its checkpoint, and of the choice of weights where there is one.
    pub sha256: String,
    /// The classifier of objects and colours.
    pub classifier: &'a TrainedSceneClassifier,
    /// SHA-256 of the classifier's checkpoint.
    pub classifier_sha256: String,
    /// A caption decoder for ids of the generator's tokenizer, if generated ids are to be captioned.
    pub caption_decoder: Option<&'a Checkpoint>,
    /// The number of scenes of the validation set, from the first on.
    pub count: usize,
    /// The seed of the first image; the others have the following numbers.
    pub seed: u64,
    /// How ids are sampled.
    pub config: GenerationConfig,
    /// Images that are generated at a time.
    pub batch: usize,
    /// The device that computes.
    pub device: Device,
}

/// Figures of a generator on the captions of scenes, and all that decides them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextToImage {
    /// `vqct-text-to-image`.
    pub format: String,
    /// The version of this format.
    pub version: u32,
    /// What decides the figures.
    pub conditions: TextToImageConditions,
    /// Figures of images generated from captions.
    pub generated: SceneFigures,
    /// Figures of the tokenizer's reconstructions of the scenes: an upper bound for a generator.
    pub reconstructed: SceneFigures,
    /// Scores of the scenes themselves: how well the classifier works.
    pub originals: SceneScores,
}

/// What decides the figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextToImageConditions {
    /// The generator's experiment, and its seed.
    pub experiment: String,
    /// The seed of its experiment.
    pub experiment_seed: u64,
    /// Its training steps.
    pub step: u64,
    /// SHA-256 of the generator's checkpoint.
    pub generator: String,
    /// SHA-256 of its tokenizer's checkpoint.
    pub tokenizer: String,
    /// SHA-256 of the scene classifier's checkpoint.
    pub scene_classifier: String,
    /// SHA-256 of the caption decoder's checkpoint, if there is one.
    pub caption_decoder: Option<String>,
    /// The number of images.
    pub images: usize,
    /// The seed of the first.
    pub seed: u64,
    /// How ids were sampled.
    pub config: GenerationConfig,
    /// The environment.
    pub environment: Environment,
}

/// Figures of images of scenes, from pixels and from ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneFigures {
    /// Scores of the scene classifier, which sees pixels and not tokens.
    pub classified: SceneScores,
    /// Grades of the captions that the caption decoder generates from ids; it does not see pixels.
    pub captioned: Option<SceneGrades>,
    /// Fréchet distance of the classifier's features to those of the scenes themselves; it is not FID.
    pub scene_classifier_frechet: FrechetScores,
}

/// A scene, and the image generated from its caption.
#[derive(Debug)]
pub struct GeneratedScene {
    /// The caption.
    pub caption: String,
    /// `[3, S, S]`.
    pub original: Tensor,
    /// `[3, S, S]`, from the scene's own ids.
    pub reconstruction: Tensor,
    /// `[3, S, S]`, from the caption.
    pub generated: Tensor,
    /// The caption that the caption decoder generates from the generated ids.
    pub generated_caption: Option<String>,
}

/// The result of an evaluation.
#[derive(Debug)]
pub struct TextToImageResult {
    /// The figures.
    pub figures: TextToImage,
    /// All scenes in order.
    pub scenes: Vec<GeneratedScene>,
}

/// A caption decoder of ids, independent of the generator.
struct CaptionDecoder {
    state: TokenizerState,
}

/// Accumulates over images of one kind.
struct SceneMetrics {
    classified: SceneScores,
    grader: CaptionGrader,
    distance: FrechetDistance,
}

impl TextToImageRequest<'_> {
    /// Generates an image from the caption of each scene, and measures all; `progress` is called with the number of
    /// images of each batch.
    ///
    /// # Errors
    /// [`StudyError::Pipeline`] if the generator is not conditioned on texts, the validation set does not consist of
    /// scenes, or the caption decoder has another tokenizer; else what cannot be generated or measured.
    pub fn run(
        &self,
        checkpoint: &GeneratorCheckpoint,
        progress: &mut dyn FnMut(usize),
    ) -> Result<TextToImageResult, StudyError> {
        let refuse = |expected: &str, got: &str| {
            StudyError::from(PipelineError::Condition { expected: expected.into(), got: got.into() })
        };
        let Conditioner::Text(texts) = &self.generator.conditioner else {
            return Err(refuse("a generator of images from texts", self.generator.conditioner.kind()));
        };
        let decoder = self
            .caption_decoder
            .map(|decoder| CaptionDecoder::open(decoder, self.generator, self.device))
            .transpose()?;
        let validation = self.generator.validation_images()?;
        let world = world(&validation)?;
        let count = self.count.min(validation.len()).min(world.config().length);
        if count == 0 || self.batch == 0 {
            return Err(refuse("at least one image at a time, and in all", "none"));
        }
        let (mut generated, mut reconstructed) = (SceneMetrics::new()?, SceneMetrics::new()?);
        let (mut originals, mut all) = (SceneScores::default(), Vec::new());
        for first in (0..count).step_by(self.batch) {
            let indices: Vec<usize> = (first..count.min(first + self.batch)).collect();
            let scenes: Vec<Scene> = indices.iter().map(|&index| world.scene(index as u64)).collect();
            let captions: Vec<String> = scenes.iter().map(|scene| scene.caption.clone()).collect();
            let ids = indices.iter().zip(&captions).map(|(&index, caption)| {
                let image = validation.get(index, self.generator)?;
                match image.captions.first() {
                    Some(Some(stored)) if stored == caption => Ok(image.ids),
                    stored => Err(refuse(
                        &format!("scene {index}, `{caption}`, in the generator's validation set"),
                        &format!("{stored:?}"),
                    )),
                }
            });
            let ids = Tensor::cat(&ids.collect::<Result<Vec<_>, _>>()?, 0);
            let seeds: Vec<u64> = indices.iter().map(|&index| self.seed.wrapping_add(index as u64)).collect();
            let condition = texts.condition(&captions)?;
            let request = SampleRequest { seeds: &seeds, condition: &condition, known: None };
            let GeneratedImages { images, sampled } = self.generator.generate(&request, &self.config, &mut |_| {})?;
            let truly = tensor_of(&scenes);
            let after = self.generator.tokens.decode(&ids)?;
            let target = Target { scenes: &scenes, images: &truly };
            let measured = Measured { images: &images, ids: &sampled.ids };
            let generated_captions = self.update(&mut generated, &measured, &target, decoder.as_ref())?;
            self.update(&mut reconstructed, &Measured { images: &after, ids: &ids }, &target, decoder.as_ref())?;
            let truths: Vec<_> = scenes.iter().map(|scene| scene.truth.clone()).collect();
            originals = originals.merge(self.classifier.score(&truly, &truths)?);
            for (position, caption) in captions.into_iter().enumerate() {
                let one = |images: &Tensor| images.get(position as i64).to_device(Device::Cpu);
                all.push(GeneratedScene {
                    caption,
                    original: one(&truly),
                    reconstruction: one(&after),
                    generated: one(&images),
                    generated_caption: generated_captions.as_ref().and_then(|captions| captions.get(position).cloned()),
                });
            }
            progress(indices.len());
        }
        let header = checkpoint.header();
        let setup = &self.generator.setup;
        let figures = TextToImage {
            format: FORMAT.into(),
            version: VERSION,
            conditions: TextToImageConditions {
                experiment: setup.experiment.name.clone(),
                experiment_seed: setup.experiment.seed,
                step: header.step,
                generator: self.sha256.clone(),
                tokenizer: setup.tokenizer.sha256.clone(),
                scene_classifier: self.classifier_sha256.clone(),
                caption_decoder: self.caption_decoder.map(|decoder| decoder.sha256(Weights::Ema)),
                images: count,
                seed: self.seed,
                config: self.config.clone(),
                environment: environment(self.device),
            },
            generated: generated.compute(decoder.is_some())?,
            reconstructed: reconstructed.compute(decoder.is_some())?,
            originals,
        };
        Ok(TextToImageResult { figures, scenes: all })
    }

    /// Takes in images of scenes; returns the captions that the decoder generates from their ids.
    fn update(
        &self,
        metrics: &mut SceneMetrics,
        measured: &Measured<'_>,
        target: &Target<'_>,
        decoder: Option<&CaptionDecoder>,
    ) -> Result<Option<Vec<String>>, StudyError> {
        let truths: Vec<_> = target.scenes.iter().map(|scene| scene.truth.clone()).collect();
        metrics.classified = metrics.classified.merge(self.classifier.score(measured.images, &truths)?);
        metrics.distance.update(Side::Images, &self.classifier.features(measured.images)?)?;
        metrics.distance.update(Side::References, &self.classifier.features(target.images)?)?;
        let captions = decoder.map(|decoder| decoder.generate(measured.ids)).transpose()?;
        for (caption, scene) in captions.iter().flatten().zip(target.scenes) {
            metrics.grader.update(&scene.truth, caption);
        }
        Ok(captions)
    }
}

/// Scenes, and their images.
struct Target<'a> {
    scenes: &'a [Scene],
    /// `[B, 3, S, S]`.
    images: &'a Tensor,
}

/// Images, and the ids that they were decoded from.
struct Measured<'a> {
    images: &'a Tensor,
    ids: &'a Tensor,
}

impl SceneMetrics {
    fn new() -> Result<Self, StudyError> {
        let (classified, distance) = (SceneScores::default(), FrechetDistance::default());
        Ok(Self { classified, grader: CaptionGrader::new()?, distance })
    }

    fn compute(&self, captioned: bool) -> Result<SceneFigures, StudyError> {
        let captioned = captioned.then(|| self.grader.compute());
        let scene_classifier_frechet = self.distance.compute()?;
        Ok(SceneFigures { classified: self.classified, captioned, scene_classifier_frechet })
    }
}

impl CaptionDecoder {
    /// Loads the decoder, whose codes must be those of the generator's tokenizer.
    fn open(checkpoint: &Checkpoint, generator: &ImageGenerator, device: Device) -> Result<Self, StudyError> {
        let state = TokenizerState::load(checkpoint, device)?;
        let (ours, theirs) = (&generator.tokens.state.tokenizer, &state.tokenizer);
        let same = ours.layout() == theirs.layout() && {
            let slots = ours.layout().slots.iter();
            let first: Vec<i64> = slots.clone().map(|slot| slot.codes.start).collect();
            let last: Vec<i64> = slots.map(|slot| slot.codes.end - 1).collect();
            let ids = Tensor::from_slice(&[first, last].concat()).view([1, 1, 2, -1]).to_device(device);
            ours.codes(&ids)?.equal(&theirs.codes(&ids)?)
        };
        let translates = state.captions.as_ref().is_some_and(CaptionHead::translates);
        if !same || !translates {
            let got = if same { "one without captions" } else { "one of another tokenizer" };
            let expected = "a caption decoder of the generator's tokenizer".into();
            return Err(PipelineError::Condition { expected, got: got.into() }.into());
        }
        Ok(Self { state })
    }

    fn generate(&self, ids: &Tensor) -> Result<Vec<String>, StudyError> {
        let codes = self.state.tokenizer.codes(&ids.to_device(self.state.store.device()))?;
        match &self.state.captions {
            Some(captions) => Ok(captions.generate(&codes)?),
            None => Ok(Vec::new()),
        }
    }
}

/// The scenes of a validation set.
fn world(validation: &GeneratorImages) -> Result<EmojiScenes, StudyError> {
    let data = validation.data().and_then(|data| Some((data.source.scenes()?, &data.transform)));
    let (scenes, transform) = data.ok_or_else(|| PipelineError::Condition {
        expected: "a validation set of scenes, whose truth is known".into(),
        got: "another one".into(),
    })?;
    Ok(scenes.validation_world(transform)?)
}

/// The images of scenes, `[B, 3, S, S]`.
fn tensor_of(scenes: &[Scene]) -> Tensor {
    let values: Vec<f32> = scenes.iter().flat_map(|scene| chw_from_rgb(&scene.image)).collect();
    let side = scenes.first().map_or(0, |scene| i64::from(scene.image.width()));
    Tensor::from_slice(&values).view([scenes.len() as i64, 3, side, side])
}
