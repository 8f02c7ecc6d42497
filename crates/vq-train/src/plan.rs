//! An experiment that has touched disk and device.

use std::sync::Arc;

use codebook_prior::PriorGraph;
use tch::{Device, Tensor};
use vq_data::{
    Background, Batch, Crop, DamagedFile, EmojiSet, ImageFolder, ImageSource, InMemory, Loader, LoaderConfig, Split,
    Transform,
};

use crate::folder_config::Images;
use crate::{AdversarialConfig, DataConfig, Experiment, SourceConfig, TrainError, UsageRemedy};

/// Background of transparent validation images where training draws a colour for each.
const VALIDATION_BACKGROUND: [u8; 3] = [255, 255, 255];

/// The smallest images that validation can measure.
const SMALLEST: i64 = 11;

/// Everything that a run needs, checked and loaded.
pub struct Plan {
    /// The experiment as configured.
    pub experiment: Experiment,
    /// The device found.
    pub device: Device,
    /// The words, if codes are words.
    pub prior: Option<PriorGraph>,
    train: Arc<dyn ImageSource>,
    validation: Arc<dyn ImageSource>,
    /// The folders behind these two, if there are any.
    folders: Vec<Arc<ImageFolder>>,
}

impl Plan {
    /// Checks the experiment, finds the device, reads prior and images.
    ///
    /// # Errors
    /// The first thing that is wrong, named by key or file.
    pub fn resolve(experiment: Experiment) -> Result<Self, TrainError> {
        let prior = experiment.quantizer.load_prior()?;
        Self::with_prior(experiment, prior)
    }

    /// As [`Plan::resolve`], with the prior of a checkpoint instead of the configured one.
    pub(crate) fn with_prior(experiment: Experiment, prior: Option<PriorGraph>) -> Result<Self, TrainError> {
        check(&experiment)?;
        let device = experiment.device.resolve()?;
        let DataConfig { source, transform, .. } = &experiment.data;
        let Images { train, validation, folders } = match source {
            SourceConfig::Emoji => {
                let emoji = EmojiSet::embedded()?;
                let validation = InMemory::load(&emoji.split(Split::Validation), transform.size)?;
                let train = in_memory(&emoji.split(Split::Train), transform)?;
                Images { train, validation: Arc::new(validation), folders: Vec::new() }
            }
            SourceConfig::Folder(folder) => folder.open(transform)?,
            SourceConfig::Scenes(scenes) => scenes.open(transform)?,
        };
        Ok(Self { experiment, device, prior, train, validation, folders })
    }

    /// As [`Plan::resolve`], with images of one's own instead of the configured ones.
    ///
    /// The checkpoints of such a run do not name its images: [`Trainer::resume_with_images`](crate::Trainer) takes them
    /// again.
    ///
    /// # Errors
    /// The first thing that is wrong, named by key or file.
    pub fn with_images(
        experiment: Experiment,
        train: Arc<dyn ImageSource>,
        validation: Arc<dyn ImageSource>,
    ) -> Result<Self, TrainError> {
        let prior = experiment.quantizer.load_prior()?;
        Self::assemble(experiment, prior, train, validation)
    }

    /// As [`Plan::with_images`], with the prior of a checkpoint instead of the configured one.
    pub(crate) fn assemble(
        experiment: Experiment,
        prior: Option<PriorGraph>,
        train: Arc<dyn ImageSource>,
        validation: Arc<dyn ImageSource>,
    ) -> Result<Self, TrainError> {
        check(&experiment)?;
        let device = experiment.device.resolve()?;
        Ok(Self { experiment, device, prior, train, validation, folders: Vec::new() })
    }

    /// Endless training batches, or micro-batches, from batch `first` on.
    pub(crate) fn train_batches(&self, first: u64) -> Result<Loader, TrainError> {
        let Experiment { seed, data, .. } = &self.experiment;
        let threads = self.threads();
        let config = LoaderConfig { first_batch: first, threads, ..LoaderConfig::shuffled(data.batch_size, *seed) };
        Ok(Loader::new(Arc::clone(&self.train), data.transform.clone(), config)?)
    }

    /// The validation set, once, in order, without augmentation.
    pub(crate) fn validation_batches(&self) -> Result<Loader, TrainError> {
        let DataConfig { transform, batch_size, .. } = &self.experiment.data;
        let background = match transform.background {
            Background::Color(color) => color,
            Background::Random => VALIDATION_BACKGROUND,
        };
        let transform = Transform::fixed(transform.size, background);
        let config = LoaderConfig { threads: self.threads(), ..LoaderConfig::one_pass(*batch_size) };
        Ok(Loader::new(Arc::clone(&self.validation), transform, config)?)
    }

    /// Threads that make batches.
    fn threads(&self) -> usize {
        match &self.experiment.data.source {
            SourceConfig::Emoji | SourceConfig::Scenes(_) => 1,
            SourceConfig::Folder(folder) => folder.threads(self.device),
        }
    }

    /// The damaged images that were met so far and skipped, of both sets.
    pub fn damaged_images(&self) -> Vec<DamagedFile> {
        self.folders.iter().flat_map(|folder| folder.damaged()).collect()
    }

    /// Images to train on and to validate on.
    pub fn image_counts(&self) -> [usize; 2] {
        [self.train.len(), self.validation.len()]
    }

    /// A batch as `[B, 3, S, S]` on the plan's device.
    pub(crate) fn to_tensor(&self, batch: &Batch) -> Tensor {
        let size = i64::from(batch.size);
        Tensor::from_slice(&batch.images).view([batch.count as i64, 3, size, size]).to_device(self.device)
    }
}

/// Decoded once: at the size of training where the whole image is taken, else at its own, for crops to be sharp.
pub(crate) fn in_memory(source: &dyn ImageSource, transform: &Transform) -> Result<Arc<dyn ImageSource>, TrainError> {
    let size = match transform.crop {
        Crop::Center => transform.size,
        Crop::Random(_) => transform.size * 2,
    };
    Ok(Arc::new(InMemory::load(source, size)?))
}

fn check(experiment: &Experiment) -> Result<(), TrainError> {
    let Experiment { data, autoencoder, quantizer, schedule, optimizer, train, guards, name, .. } = experiment;
    let refuse = |key, expected: String, got: String| Err(TrainError::Option { key, expected, got });
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        return refuse("name", "letters, digits, `-`, `_` and `.`".into(), format!("`{name}`"));
    }
    autoencoder.check()?;
    schedule.check()?;
    optimizer.check()?;
    experiment.loss.check()?;
    experiment.adversarial.iter().try_for_each(AdversarialConfig::check)?;
    guards.check()?;
    if let Some(decay) = train.ema.filter(|decay| !(0.0..1.0).contains(decay)) {
        return refuse("train.ema", "a number in 0..1".into(), decay.to_string());
    }
    let revives = guards.usage.as_ref().is_some_and(|usage| usage.remedy == UsageRemedy::Revive);
    if revives && !quantizer.learns_single_codes() {
        let expected = "`warn` or `stop` for codes that a network makes from words, of which none can be moved alone";
        return refuse("guards.usage.remedy", expected.into(), "revive".into());
    }
    match &data.source {
        SourceConfig::Emoji => {}
        SourceConfig::Folder(folder) => folder.check()?,
        SourceConfig::Scenes(scenes) => scenes.check(&data.transform)?,
    }
    let factor = autoencoder.factor();
    if data.transform.size == 0 || i64::from(data.transform.size) % factor != 0 {
        let expected = format!("a multiple of {factor}, the autoencoder's factor");
        return refuse("data.transform.size", expected, data.transform.size.to_string());
    }
    let least = std::iter::once((SMALLEST, "SSIM's window"))
        .chain(experiment.loss.smallest())
        .chain(experiment.adversarial.as_ref().map(|config| (config.discriminator.smallest(), "the discriminator")))
        .max_by_key(|(size, _)| *size);
    if let Some((least, what)) = least.filter(|&(least, _)| i64::from(data.transform.size) < least) {
        let expected = format!("at least {least}, which {what} needs");
        return refuse("data.transform.size", expected, data.transform.size.to_string());
    }
    let positive = [
        ("data.batch_size", data.batch_size as u64),
        ("train.steps", train.steps),
        ("train.log_every", train.log_every),
        ("train.validate_every", train.validate_every),
        ("train.checkpoint_every", train.checkpoint_every),
        ("train.accumulate", train.accumulate),
        ("train.keep", train.keep as u64),
    ];
    match positive.into_iter().find(|&(_, value)| value == 0) {
        Some((key, _)) => refuse(key, "at least 1".into(), "0".into()),
        None => Ok(()),
    }
}
