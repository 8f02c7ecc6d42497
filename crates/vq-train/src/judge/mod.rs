//! A judge of scenes: what a picture shows, said by a network that knows nothing of tokenizers or captions.

mod config;
mod file;
mod seen;
mod training;
mod words;

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};
use vq_data::scenes::{Color, scene_nouns};
use vq_data::{EmojiScenes, Scene, SceneTruth, chw_from_rgb};
use vq_model::{SceneClassifier, SceneOpinion};

use crate::randomness::Turn;
use crate::{TrainError, Watch};
pub use config::JudgeConfig;
use file::JudgeFile;
pub use file::JudgeHeader;
pub use seen::{JudgedScenes, SeenScene, SeenThing};
use words::JudgeWords;

/// Pictures that are judged at a time.
const BATCH: u64 = 64;

/// How well a judge judges scenes of which all is known: the ceiling of what it says of pictures that were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeFigures {
    /// Of scenes with the pairs of words that training has.
    pub validation: JudgedScenes,
    /// Of as many scenes with pairs that training never has.
    pub held_out: JudgedScenes,
}

/// A network that says of a picture which things it shows, in which colours.
///
/// It learns from true scenes alone, and has no part in any tokenizer, translator or generator: so it can judge what these
/// make. Its [features](Self::features) can serve a Fréchet distance that needs no foreign weights; such a distance is
/// no FID and is not comparable to one.
///
/// Its file is in the safetensors format: the metadata's `header` is the JSON of a [`JudgeHeader`], the tensors are the
/// parameters of a [`SceneClassifier`], F32.
#[derive(Debug)]
pub struct SceneJudge {
    header: JudgeHeader,
    words: JudgeWords,
    network: SceneClassifier,
    store: nn::VarStore,
}

impl SceneJudge {
    /// Trains a judge and measures it; none if the watch wanted to stop before the last step.
    ///
    /// # Errors
    /// Those of [`JudgeConfig::check`]; [`TrainError::NotFinite`] if the loss or its gradient becomes no number.
    pub fn train(config: JudgeConfig, watch: &mut dyn Watch) -> Result<Option<Self>, TrainError> {
        config.check()?;
        let scenes = config.scenes()?;
        let [train, validation, held_out] = scenes.worlds(&config.data.transform)?;
        let known = scene_nouns()?.into_iter().map(|noun| noun.singular.to_owned());
        let nouns = known.filter(|noun| scenes.nouns.is_empty() || scenes.nouns.contains(noun)).collect();
        let device = config.device.resolve()?;
        let mut judge = {
            let _turn = Turn::seeded(config.seed);
            Self::new(JudgeHeader::new(config, nouns, Color::ALL.to_vec()), device)?
        };
        if !judge.learn(&train, watch)? {
            return Ok(None);
        }
        judge.header.figures =
            JudgeFigures { validation: judge.measure(&validation)?, held_out: judge.measure(&held_out)? };
        Ok(Some(judge))
    }

    /// Reads a judge.
    ///
    /// # Errors
    /// [`TrainError::Io`] if the file cannot be read; [`TrainError::Judge`] if it is damaged, of another format or version,
    /// or a tensor is missing.
    pub fn open(path: &Path, device: Device) -> Result<Self, TrainError> {
        let file = JudgeFile::read(path)?;
        let judge = Self::new(file.header.clone(), device)?;
        file.restore(path, &judge.store)?;
        Ok(judge)
    }

    /// Writes the judge; whatever goes wrong, an older one at `path` stays whole.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        JudgeFile::write(path, &self.header, &self.store)
    }

    /// With random weights.
    fn new(header: JudgeHeader, device: Device) -> Result<Self, TrainError> {
        let store = nn::VarStore::new(device);
        let words = JudgeWords::new(header.nouns.clone(), header.colors.clone());
        let network = SceneClassifier::new(&store.root(), &header.config.network, words.vocabulary())?;
        Ok(Self { header, words, network, store })
    }

    /// What the judge says of itself.
    pub fn header(&self) -> &JudgeHeader {
        &self.header
    }

    /// Features of images `[B, 3, S, S]` in `[-1, 1]`, of the size that the judge learned from: `[B, F]`, `Float`, on the
    /// judge's device.
    ///
    /// # Errors
    /// [`TrainError::Shape`] if images have another shape.
    pub fn features(&self, images: &Tensor) -> Result<Tensor, TrainError> {
        Ok(self.look(images)?.features)
    }

    /// What images `[B, 3, S, S]` in `[-1, 1]` show, one by one.
    ///
    /// # Errors
    /// [`TrainError::Shape`] if images have another shape.
    pub fn see(&self, images: &Tensor) -> Result<Vec<SeenScene>, TrainError> {
        self.words.read(&self.look(images)?)
    }

    /// How what images `[B, 3, S, S]` in `[-1, 1]` show fits what they should show.
    ///
    /// # Errors
    /// [`TrainError::Shape`] if images have another shape or there is not one truth for each; [`TrainError::Words`] if the
    /// truth has a noun that the judge does not know.
    pub fn judge(&self, images: &Tensor, truths: &[SceneTruth]) -> Result<JudgedScenes, TrainError> {
        let seen = self.see(images)?;
        if seen.len() != truths.len() {
            let expected = format!("a truth for each of {} images", seen.len());
            return Err(TrainError::Shape { op: "judge scenes", expected, got: vec![vec![truths.len() as i64]] });
        }
        self.words.check(truths)?;
        let one = |(truth, seen)| JudgedScenes::of(truth, seen);
        Ok(truths.iter().zip(&seen).map(one).fold(JudgedScenes::default(), JudgedScenes::merge))
    }

    /// How well it judges all scenes of a world.
    ///
    /// # Errors
    /// As [`judge`](Self::judge).
    pub fn measure(&self, world: &EmojiScenes) -> Result<JudgedScenes, TrainError> {
        let mut sum = JudgedScenes::default();
        let scenes = world.config().length as u64;
        for first in (0..scenes).step_by(BATCH as usize) {
            let batch = SceneBatch::new((first..scenes.min(first + BATCH)).map(|index| world.scene(index)));
            sum = sum.merge(self.judge(&batch.images, &batch.truths)?);
        }
        Ok(sum)
    }

    /// Without gradients.
    fn look(&self, images: &Tensor) -> Result<SceneOpinion, TrainError> {
        let side = i64::from(self.header.config.data.transform.size);
        match images.size()[..] {
            [_, 3, height, width] if height == side && width == side => {}
            _ => {
                let expected = format!("images [B, 3, {side}, {side}], as the judge learned from");
                return Err(TrainError::Shape { op: "judge scenes", expected, got: vec![images.size()] });
            }
        }
        let images = images.to_device(self.store.device()).to_kind(Kind::Float);
        Ok(tch::no_grad(|| self.network.forward(&images))?)
    }
}

/// Scenes as numbers.
struct SceneBatch {
    /// `[B, 3, S, S]` in `[-1, 1]`, on the CPU.
    images: Tensor,
    truths: Vec<SceneTruth>,
}

impl SceneBatch {
    /// Of at least one scene, all of one size.
    fn new(scenes: impl Iterator<Item = Scene>) -> Self {
        let (mut pixels, mut truths, mut side) = (Vec::new(), Vec::new(), 0);
        for Scene { image, truth, .. } in scenes {
            side = i64::from(image.width());
            pixels.extend(chw_from_rgb(&image));
            truths.push(truth);
        }
        Self { images: Tensor::from_slice(&pixels).view([truths.len() as i64, 3, side, side]), truths }
    }
}
