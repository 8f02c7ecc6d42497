//! How well images that are made from captions of scenes show the scenes.

use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};
use vq_data::scenes::{CaptionGrader, SceneGrades};
use vq_data::{EmojiScenes, Scene, chw_from_rgb};
use vq_eval::{FrechetDistance, FrechetScores, Side};
use vq_generate::{GenerationConfig, SampleRequest};

use super::conditioner::Conditioner;
use super::image_generator::{GeneratedImages, GeneratorImages, ImageGenerator};
use super::setup::GeneratorCheckpoint;
use crate::{
    CaptionHead, Checkpoint, DataConfig, Environment, JudgedScenes, SceneJudge, SourceConfig, TokenizerState,
    TrainError, Weights,
};

const FORMAT: &str = "vqct-text-to-image";
const VERSION: u32 = 1;

/// What to evaluate of a generator that reads captions of scenes, and how.
pub struct TextToImageRequest<'a> {
    /// The generator.
    pub generator: &'a ImageGenerator,
    /// SHA-256 of its checkpoint, and of the choice of weights where there is one.
    pub sha256: String,
    /// What sees things and colours.
    pub judge: &'a SceneJudge,
    /// SHA-256 of the judge's file.
    pub judge_sha256: String,
    /// The run of a translator that reads ids of the generator's tokenizer, if one is to say what it reads.
    pub reader: Option<&'a Checkpoint>,
    /// Scenes of the validation set, from the first on, and so many images.
    pub count: usize,
    /// The seed of the first image; the others have the numbers that follow.
    pub seed: u64,
    /// How ids are drawn.
    pub config: GenerationConfig,
    /// Images that are made at a time.
    pub batch: usize,
    /// Where to compute.
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
    /// Of images made from captions.
    pub generated: SceneFigures,
    /// Of the scenes themselves after the tokenizer: what it leaves of them is all that a generator can show.
    pub reconstructed: SceneFigures,
    /// Of the scenes themselves: how well the judge judges.
    pub originals: JudgedScenes,
}

/// What decides the figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextToImageConditions {
    /// The generator's experiment, and its seed.
    pub experiment: String,
    /// The seed of its experiment.
    pub experiment_seed: u64,
    /// Steps that it was trained for.
    pub step: u64,
    /// SHA-256 of the generator's checkpoint.
    pub generator: String,
    /// SHA-256 of its tokenizer's checkpoint.
    pub tokenizer: String,
    /// SHA-256 of the judge's file.
    pub judge: String,
    /// SHA-256 of the reader's checkpoint, if one reads.
    pub reader: Option<String>,
    /// Images.
    pub images: usize,
    /// The seed of the first.
    pub seed: u64,
    /// How ids were drawn.
    pub config: GenerationConfig,
    /// What it ran on.
    pub environment: Environment,
}

/// What is in pictures, seen from two sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneFigures {
    /// By the judge, which sees pixels and knows nothing of tokens.
    pub judged: JudgedScenes,
    /// By the translator, which reads ids and never sees pixels.
    pub told: Option<SceneGrades>,
    /// Fréchet distance of the judge's features to those of the scenes themselves; no FID.
    pub judge_frechet: FrechetScores,
}

/// A scene, and what was made of its caption.
#[derive(Debug)]
pub struct MadeScene {
    /// The caption.
    pub caption: String,
    /// `[3, S, S]`.
    pub original: Tensor,
    /// `[3, S, S]`, from the scene's own ids.
    pub reconstruction: Tensor,
    /// `[3, S, S]`, from the caption.
    pub generated: Tensor,
    /// What the translator reads in the ids that were made.
    pub told: Option<String>,
}

/// What comes of an evaluation.
#[derive(Debug)]
pub struct TextToImageResult {
    /// The figures.
    pub figures: TextToImage,
    /// All scenes, in order.
    pub made: Vec<MadeScene>,
}

/// A translator of ids, apart from the generator.
struct Reader {
    state: TokenizerState,
}

/// Sums over images of one kind.
struct Sums {
    judged: JudgedScenes,
    grader: CaptionGrader,
    distance: FrechetDistance,
}

impl TextToImageRequest<'_> {
    /// Makes an image from the caption of each scene, and looks at them.
    ///
    /// # Errors
    /// [`TrainError::Condition`] if the generator reads no texts or the validation set is not of scenes;
    /// [`TrainError::OtherTokenizer`] if the reader's tokenizer is another one; else whatever cannot be made or measured.
    pub fn run(
        &self,
        checkpoint: &GeneratorCheckpoint,
        watch: &mut dyn FnMut(usize),
    ) -> Result<TextToImageResult, TrainError> {
        let refuse = |expected: &str, got: &str| TrainError::Condition { expected: expected.into(), got: got.into() };
        let Conditioner::Text(texts) = &self.generator.conditioner else {
            return Err(refuse("a generator of images from texts", self.generator.conditioner.kind()));
        };
        let reader = self.reader.map(|reader| Reader::open(reader, self.generator, self.device)).transpose()?;
        let validation = self.generator.validation_images()?;
        let world = world(&validation)?;
        let count = self.count.min(validation.len()).min(world.config().length);
        if count == 0 || self.batch == 0 {
            return Err(refuse("at least one image at a time, and in all", "none"));
        }
        let (mut generated, mut reconstructed) = (Sums::new()?, Sums::new()?);
        let (mut originals, mut made) = (JudgedScenes::default(), Vec::new());
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
            let truly = pictures(&scenes);
            let after = self.generator.tokens.decode(&ids)?;
            let asked = Asked { scenes: &scenes, pictures: &truly };
            let looked = Looked { images: &images, ids: &sampled.ids };
            let told = self.update(&mut generated, &looked, &asked, reader.as_ref())?;
            self.update(&mut reconstructed, &Looked { images: &after, ids: &ids }, &asked, reader.as_ref())?;
            let truths: Vec<_> = scenes.iter().map(|scene| scene.truth.clone()).collect();
            originals = originals.merge(self.judge.judge(&truly, &truths)?);
            for (place, caption) in captions.into_iter().enumerate() {
                let one = |images: &Tensor| images.get(place as i64).to_device(Device::Cpu);
                made.push(MadeScene {
                    caption,
                    original: one(&truly),
                    reconstruction: one(&after),
                    generated: one(&images),
                    told: told.as_ref().and_then(|told| told.get(place).cloned()),
                });
            }
            watch(indices.len());
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
                judge: self.judge_sha256.clone(),
                reader: self.reader.map(|reader| reader.sha256(Weights::Ema)),
                images: count,
                seed: self.seed,
                config: self.config.clone(),
                environment: Environment::of(self.device),
            },
            generated: generated.compute(reader.is_some())?,
            reconstructed: reconstructed.compute(reader.is_some())?,
            originals,
        };
        Ok(TextToImageResult { figures, made })
    }

    /// Looks at images of scenes; gives what the reader says of them.
    fn update(
        &self,
        sums: &mut Sums,
        looked: &Looked<'_>,
        asked: &Asked<'_>,
        reader: Option<&Reader>,
    ) -> Result<Option<Vec<String>>, TrainError> {
        let truths: Vec<_> = asked.scenes.iter().map(|scene| scene.truth.clone()).collect();
        sums.judged = sums.judged.merge(self.judge.judge(looked.images, &truths)?);
        sums.distance.update(Side::Images, &self.judge.features(looked.images)?)?;
        sums.distance.update(Side::References, &self.judge.features(asked.pictures)?)?;
        let told = reader.map(|reader| reader.tell(looked.ids)).transpose()?;
        for (told, scene) in told.iter().flatten().zip(asked.scenes) {
            sums.grader.update(&scene.truth, told);
        }
        Ok(told)
    }
}

/// Scenes, and their pictures.
struct Asked<'a> {
    scenes: &'a [Scene],
    /// `[B, 3, S, S]`.
    pictures: &'a Tensor,
}

/// Images, and the ids that they are made of.
struct Looked<'a> {
    images: &'a Tensor,
    ids: &'a Tensor,
}

impl Sums {
    fn new() -> Result<Self, TrainError> {
        let (judged, distance) = (JudgedScenes::default(), FrechetDistance::default());
        Ok(Self { judged, grader: CaptionGrader::new()?, distance })
    }

    fn compute(&self, read: bool) -> Result<SceneFigures, TrainError> {
        let judge_frechet = self.distance.compute()?;
        Ok(SceneFigures { judged: self.judged, told: read.then(|| self.grader.compute()), judge_frechet })
    }
}

impl Reader {
    /// # Errors
    /// [`TrainError::OtherTokenizer`] if its codes are not those of the generator's tokenizer.
    fn open(checkpoint: &Checkpoint, generator: &ImageGenerator, device: Device) -> Result<Self, TrainError> {
        let state = TokenizerState::restore(checkpoint, device)?;
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
            return Err(TrainError::Condition {
                expected: "a reader with a translator of the generator's tokenizer".into(),
                got: if same { "none that tells captions" } else { "one of another tokenizer" }.into(),
            });
        }
        Ok(Self { state })
    }

    fn tell(&self, ids: &Tensor) -> Result<Vec<String>, TrainError> {
        let codes = self.state.tokenizer.codes(&ids.to_device(self.state.store.device()))?;
        match &self.state.captions {
            Some(captions) => captions.tell(&codes),
            None => Ok(Vec::new()),
        }
    }
}

/// The scenes of a validation set.
fn world(validation: &GeneratorImages) -> Result<EmojiScenes, TrainError> {
    match validation.data() {
        Some(DataConfig { source: SourceConfig::Scenes(scenes), transform, .. }) => scenes.validation_world(transform),
        _ => Err(TrainError::Condition {
            expected: "a validation set of scenes, of which everything is known".into(),
            got: "another one".into(),
        }),
    }
}

/// `[B, 3, S, S]`.
fn pictures(scenes: &[Scene]) -> Tensor {
    let values: Vec<f32> = scenes.iter().flat_map(|scene| chw_from_rgb(&scene.image)).collect();
    let side = scenes.first().map_or(0, |scene| i64::from(scene.image.width()));
    Tensor::from_slice(&values).view([scenes.len() as i64, 3, side, side])
}
