//! Scene classifiers: the objects in an image of a scene, and their colours.

mod labels;
mod scores;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tch::{Device, Kind, Tensor, nn};
use vq_data::chw_from_rgb;
use vq_experiment::{ConfigError, SceneClassifierExperiment, Weights, modernize_json, to_toml};
use vq_model::{SceneClassifier, ScenePrediction};
use vq_scenes::{Color, scene_nouns};
use vq_scenes::{EmojiScenes, Scene, SceneTruth};

use crate::{CheckpointFile, PipelineError, RngGuard, Trained};

pub use labels::{ClassifierLoss, ClassifierTargets, SceneLabels};
pub use scores::{PredictedObject, PredictedScene, SceneScores};

/// Images that are classified at a time.
const BATCH: u64 = 64;

/// A checkpoint of a scene classifier's run.
pub type SceneClassifierCheckpoint = CheckpointFile<SceneClassifierSetup>;

/// What a scene classifier was trained with, and what it needs to be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneClassifierSetup {
    /// As configured.
    pub experiment: SceneClassifierExperiment,
    /// The nouns that it predicts.
    pub nouns: Vec<String>,
    /// The colours that it predicts, besides the natural one.
    pub colors: Vec<Color>,
}

/// Scores on scenes whose truth is known: an upper bound for the scores of generated images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneClassifierFigures {
    /// On scenes with the pairs of words of training.
    pub validation: SceneScores,
    /// On as many scenes with pairs that training never has.
    pub held_out: SceneScores,
}

impl SceneClassifierSetup {
    /// The setup of an experiment: the nouns of its scenes, and all colours.
    ///
    /// # Errors
    /// Those of [`SceneClassifierExperiment::check`].
    pub fn new(experiment: SceneClassifierExperiment) -> Result<Self, PipelineError> {
        experiment.check()?;
        let chosen = &experiment.scenes()?.nouns;
        let known = scene_nouns()?.into_iter().map(|noun| noun.singular.to_owned());
        let nouns = known.filter(|noun| chosen.is_empty() || chosen.contains(noun)).collect();
        Ok(Self { experiment, nouns, colors: Color::ALL.to_vec() })
    }
}

impl Trained for SceneClassifierSetup {
    const FORMAT: &'static str = "vqct-scene-classifier";
    const OPTIMIZER: &'static str = "scene-classifier";
    const FROM_VERSION_1: bool = false;

    fn averages(&self) -> bool {
        self.experiment.train.ema_decay.is_some()
    }

    fn to_toml(&self) -> Result<String, ConfigError> {
        to_toml(&self.experiment)
    }

    fn modernize(json: &mut Value, file: &str) -> Result<(), ConfigError> {
        json.get_mut("experiment").map_or(Ok(()), |experiment| modernize_json(experiment, file).map(drop))
    }
}

/// A network that predicts which objects an image of a scene shows, and in which colours.
///
/// It is trained on true scenes alone and shares nothing with any tokenizer, caption decoder or generator, so it can score
/// what these make. Its [features](Self::features) can serve a Fréchet distance that needs no other weights; such a
/// distance is not FID and not comparable to it.
#[derive(Debug)]
pub struct TrainedSceneClassifier {
    /// What it was trained with.
    pub setup: SceneClassifierSetup,
    /// Its labels.
    pub labels: SceneLabels,
    /// The network.
    pub network: SceneClassifier,
    /// The parameters.
    pub store: nn::VarStore,
}

impl TrainedSceneClassifier {
    /// A classifier with random parameters from the experiment's seed.
    ///
    /// # Errors
    /// [`PipelineError::Model`] if the network cannot be built as configured.
    pub fn fresh(setup: SceneClassifierSetup, device: Device) -> Result<Self, PipelineError> {
        let _guard = RngGuard::seeded(setup.experiment.seed);
        Self::new(setup, device)
    }

    /// Loads a classifier from a run folder or a checkpoint, with averaged weights if the run kept an average.
    ///
    /// # Errors
    /// [`PipelineError::File`] if the checkpoint cannot be read, is damaged, or of another format.
    pub fn open(run_or_file: &Path, device: Device) -> Result<Self, PipelineError> {
        Self::load(&SceneClassifierCheckpoint::open(run_or_file)?, device)
    }

    /// The classifier of a checkpoint.
    ///
    /// # Errors
    /// [`PipelineError::File`] if a parameter is missing or has another shape.
    pub fn load(checkpoint: &SceneClassifierCheckpoint, device: Device) -> Result<Self, PipelineError> {
        let guard = RngGuard::acquire();
        let classifier = Self::new(checkpoint.header().experiment.clone(), device)?;
        drop(guard);
        checkpoint.restore(&classifier.store, Weights::Ema)?;
        Ok(classifier)
    }

    fn new(setup: SceneClassifierSetup, device: Device) -> Result<Self, PipelineError> {
        let store = nn::VarStore::new(device);
        let labels = SceneLabels::new(setup.nouns.clone(), setup.colors.clone());
        let network = SceneClassifier::new(&store.root(), &setup.experiment.network, labels.vocabulary())?;
        Ok(Self { setup, labels, network, store })
    }

    /// Features of images `[B, 3, S, S]` in `[-1, 1]`, of the size of training: `[B, F]`, `Float`, on the classifier's
    /// device.
    ///
    /// # Errors
    /// [`PipelineError::Shape`] if images have another shape.
    pub fn features(&self, images: &Tensor) -> Result<Tensor, PipelineError> {
        Ok(self.classify(images)?.features)
    }

    /// The scene of each image `[B, 3, S, S]` in `[-1, 1]`.
    ///
    /// # Errors
    /// [`PipelineError::Shape`] if images have another shape.
    pub fn predict(&self, images: &Tensor) -> Result<Vec<PredictedScene>, PipelineError> {
        self.labels.predictions(&self.classify(images)?)
    }

    /// Scores of images `[B, 3, S, S]` in `[-1, 1]` against the scenes that they should show.
    ///
    /// # Errors
    /// [`PipelineError::Shape`] if images have another shape or there is not one truth for each; [`PipelineError::Words`] if
    /// a truth has a noun that is not a label.
    pub fn score(&self, images: &Tensor, truths: &[SceneTruth]) -> Result<SceneScores, PipelineError> {
        let predicted = self.predict(images)?;
        if predicted.len() != truths.len() {
            let expected = format!("a truth for each of {} images", predicted.len());
            return Err(PipelineError::Shape { op: "score scenes", expected, got: vec![vec![truths.len() as i64]] });
        }
        self.labels.check(truths)?;
        let one = |(truth, predicted)| SceneScores::of(truth, predicted);
        Ok(truths.iter().zip(&predicted).map(one).fold(SceneScores::default(), SceneScores::merge))
    }

    /// Scores on all scenes of a world.
    ///
    /// # Errors
    /// Those of [`score`](Self::score).
    pub fn score_world(&self, world: &EmojiScenes) -> Result<SceneScores, PipelineError> {
        let mut sum = SceneScores::default();
        let scenes = world.config().length as u64;
        for first in (0..scenes).step_by(BATCH as usize) {
            let batch = SceneBatch::new((first..scenes.min(first + BATCH)).map(|index| world.scene(index)));
            sum = sum.merge(self.score(&batch.images, &batch.truths)?);
        }
        Ok(sum)
    }

    /// The network's output, without gradients.
    fn classify(&self, images: &Tensor) -> Result<ScenePrediction, PipelineError> {
        let side = i64::from(self.setup.experiment.data.transform.size);
        match images.size()[..] {
            [_, 3, height, width] if height == side && width == side => {}
            _ => {
                let expected = format!("images [B, 3, {side}, {side}], as in training");
                return Err(PipelineError::Shape { op: "classify scenes", expected, got: vec![images.size()] });
            }
        }
        let images = images.to_device(self.store.device()).to_kind(Kind::Float);
        Ok(tch::no_grad(|| self.network.forward(&images))?)
    }
}

/// Scenes as tensors.
pub struct SceneBatch {
    /// `[B, 3, S, S]` in `[-1, 1]`, on the CPU.
    pub images: Tensor,
    /// The truth of each.
    pub truths: Vec<SceneTruth>,
}

impl SceneBatch {
    /// A batch of at least one scene, all of one size.
    pub fn new(scenes: impl Iterator<Item = Scene>) -> Self {
        let (mut pixels, mut truths, mut side) = (Vec::new(), Vec::new(), 0);
        for Scene { image, truth, .. } in scenes {
            side = i64::from(image.width());
            pixels.extend(chw_from_rgb(&image));
            truths.push(truth);
        }
        Self { images: Tensor::from_slice(&pixels).view([truths.len() as i64, 3, side, side]), truths }
    }
}
