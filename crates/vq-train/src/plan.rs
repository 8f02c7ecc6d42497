//! An experiment that has touched disk and device.

use std::sync::Arc;

use codebook_prior::PriorGraph;
use tch::{Device, Tensor};
use vlt_caption::Language;
use vq_data::{
    Background, Batch, Crop, DamagedFile, EmojiScenes, EmojiSet, ImageSource, InMemory, Loader, LoaderConfig, Split,
    Transform,
};

use crate::captions::PARAMETERS;
use crate::images::{Images, threads};
use crate::{
    AdversarialConfig, BestBy, CaptionsConfig, Checkpoint, DataConfig, Experiment, Learn, SourceConfig, StartConfig,
    TokenizerState, TrainError, UsageRemedy,
};

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
    /// The language of captions, if they are read.
    pub language: Option<Arc<Language>>,
    /// The trained tokenizer to begin with.
    start: Option<Checkpoint>,
    train: Arc<dyn ImageSource>,
    validation: Arc<dyn ImageSource>,
    /// What lies behind these two on disk, if anything does.
    sources: Vec<Arc<dyn ImageSource>>,
}

/// Words that a run holds on to, whatever becomes of the files that they came from.
pub(crate) struct WordData {
    pub(crate) prior: Option<PriorGraph>,
    pub(crate) language: Option<Arc<Language>>,
}

impl Plan {
    /// Checks the experiment, finds the device, reads prior, language, images, and the tokenizer to begin with.
    ///
    /// # Errors
    /// The first thing that is wrong, named by key or file.
    pub fn resolve(experiment: Experiment) -> Result<Self, TrainError> {
        check(&experiment)?;
        let images = open_images(&experiment.data)?;
        Self::begin(experiment, images)
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
        check(&experiment)?;
        Self::begin(experiment, Images::of(train, validation))
    }

    fn begin(experiment: Experiment, images: Images) -> Result<Self, TrainError> {
        let start = experiment.start.as_ref().map(StartConfig::open).transpose()?;
        let prior = match &start {
            Some(checkpoint) => checkpoint.prior()?,
            None => experiment.quantizer.load_prior()?,
        };
        let load = |captions: &CaptionsConfig| captions.language.load(prior.as_ref(), images.train.as_ref());
        let language = experiment.captions.as_ref().map(load).transpose()?.map(Arc::new);
        Ok(Self { start, ..Self::assemble(experiment, WordData { prior, language }, images)? })
    }

    /// The plan of a run that goes on, with the words of its checkpoint.
    pub(crate) fn with_words(experiment: Experiment, words: WordData) -> Result<Self, TrainError> {
        check(&experiment)?;
        let images = open_images(&experiment.data)?;
        Self::assemble(experiment, words, images)
    }

    /// As [`Plan::with_words`], with images that were found already.
    pub(crate) fn assemble(experiment: Experiment, words: WordData, images: Images) -> Result<Self, TrainError> {
        check(&experiment)?;
        let device = experiment.device.resolve()?;
        let WordData { prior, language } = words;
        let Images { train, validation, sources } = images;
        Ok(Self { experiment, device, prior, language, start: None, train, validation, sources })
    }

    /// The plan of a checkpoint's run, with other data if wanted, to evaluate its tokenizer on a device.
    pub(crate) fn to_evaluate(
        checkpoint: &Checkpoint,
        data: Option<DataConfig>,
        device: Device,
    ) -> Result<Self, TrainError> {
        let mut experiment = checkpoint.header().experiment.clone();
        experiment.data = data.unwrap_or(experiment.data);
        let words = WordData { prior: checkpoint.prior()?, language: checkpoint.language()?.map(Arc::new) };
        Ok(Self { device, ..Self::with_words(experiment, words)? })
    }

    /// Takes over the weights of the tokenizer to begin with, if there is one, and keeps them as they are if they are not
    /// to learn.
    pub(crate) fn begin_with_trained(&self, state: &TokenizerState) -> Result<(), TrainError> {
        if let (Some(checkpoint), Some(start)) = (&self.start, &self.experiment.start) {
            checkpoint.restore_some(tokenizer_variables(state), start.weights)?;
        }
        self.freeze(state);
        Ok(())
    }

    /// Keeps the tokenizer's weights as they are, if they are not to learn.
    pub(crate) fn freeze(&self, state: &TokenizerState) {
        if self.learns() == Learn::Captions {
            tokenizer_variables(state).for_each(|(_, variable)| {
                let _ = variable.set_requires_grad(false);
            });
        }
    }

    /// What learns in this run.
    pub(crate) fn learns(&self) -> Learn {
        self.experiment.start.as_ref().map_or(Learn::All, |start| start.learn)
    }

    /// Endless training batches, or micro-batches, from batch `first` on.
    pub(crate) fn train_batches(&self, first: u64) -> Result<Loader, TrainError> {
        let Experiment { seed, data, .. } = &self.experiment;
        let threads = threads(&data.source, self.device);
        let config = LoaderConfig { first_batch: first, threads, ..LoaderConfig::shuffled(data.batch_size, *seed) };
        Ok(Loader::new(Arc::clone(&self.train), data.transform.clone(), config)?)
    }

    /// The validation set, once, in order, without augmentation.
    pub(crate) fn validation_batches(&self) -> Result<Loader, TrainError> {
        let DataConfig { source, batch_size, .. } = &self.experiment.data;
        let transform = validation_transform(&self.experiment.data);
        let config = LoaderConfig { threads: threads(source, self.device), ..LoaderConfig::one_pass(*batch_size) };
        Ok(Loader::new(Arc::clone(&self.validation), transform, config)?)
    }

    /// All captions of images of the validation set.
    pub(crate) fn validation_captions(&self, images: &[usize]) -> Result<Vec<Vec<String>>, TrainError> {
        images.iter().map(|&image| Ok(self.validation.captions(image)?)).collect()
    }

    /// The scenes of the validation set, of which everything is known, if it has scenes.
    pub(crate) fn validation_scenes(&self) -> Result<Option<EmojiScenes>, TrainError> {
        let DataConfig { source, transform, .. } = &self.experiment.data;
        let SourceConfig::Scenes(scenes) = source else { return Ok(None) };
        scenes.validation_world(transform).map(Some)
    }

    /// The damaged images that were met so far and skipped, of both sets.
    pub fn damaged_images(&self) -> Vec<DamagedFile> {
        self.sources.iter().flat_map(|source| source.damaged()).collect()
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

/// Parameters and buffers of encoder, quantizer and decoder.
fn tokenizer_variables(state: &TokenizerState) -> impl Iterator<Item = (String, Tensor)> {
    let is_tokenizers = |name: &str| name.split('.').next() != Some(PARAMETERS);
    state.store.variables().into_iter().filter(move |(name, _)| is_tokenizers(name))
}

pub(crate) fn open_images(data: &DataConfig) -> Result<Images, TrainError> {
    let DataConfig { source, transform, show, .. } = data;
    let images = match source {
        SourceConfig::Emoji => {
            let emoji = EmojiSet::embedded()?;
            let validation = InMemory::load(&emoji.split(Split::Validation), transform.size)?;
            let train = in_memory(&emoji.split(Split::Train), transform)?;
            Images { train, validation: Arc::new(validation), sources: Vec::new() }
        }
        SourceConfig::Folder(folder) => folder.open(transform)?,
        SourceConfig::Scenes(scenes) => scenes.open(transform)?,
        SourceConfig::Dataset(pair) => pair.open(transform)?,
    };
    Ok(Images { train: show.of(images.train), validation: show.of(images.validation), ..images })
}

/// From image to tensor where nothing is left to chance.
pub(crate) fn validation_transform(data: &DataConfig) -> Transform {
    let background = match data.transform.background {
        Background::Color(color) => color,
        Background::Random => VALIDATION_BACKGROUND,
    };
    Transform::fixed(data.transform.size, background)
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
    experiment.captions.iter().try_for_each(|captions| captions.check(quantizer))?;
    let learns_captions = experiment.start.as_ref().is_some_and(|start| start.learn == Learn::Captions);
    if learns_captions && (experiment.captions.is_none() || experiment.adversarial.is_some()) {
        let expected = "a `captions` table, and no `adversarial` one, where only captions learn";
        return refuse("start.learn", expected.into(), "captions".into());
    }
    if train.best_by == Some(BestBy::Likelihood) {
        return refuse("train.best_by", "`psnr`, `ssim` or `ms-ssim` for a tokenizer".into(), "likelihood".into());
    }
    let revives = guards.usage.as_ref().is_some_and(|usage| usage.remedy == UsageRemedy::Revive);
    if revives && !quantizer.learns_single_codes() {
        let expected = "`warn` or `stop` for codes that a network makes from words, of which none can be moved alone";
        return refuse("guards.usage.remedy", expected.into(), "revive".into());
    }
    data.source.check(&data.transform)?;
    let factor = autoencoder.factor();
    if data.transform.size == 0 || i64::from(data.transform.size) % factor != 0 {
        let expected = format!("a multiple of {factor}, the autoencoder's factor");
        return refuse("data.transform.size", expected, data.transform.size.to_string());
    }
    if let Some(CaptionsConfig { translator, .. }) = &experiment.captions {
        let side = i64::from(data.transform.size) / factor;
        if side > translator.max_rows || side > translator.max_columns {
            let expected = format!("`max_rows` and `max_columns` of at least {side}, the side of the token grid");
            let got = format!("{} and {}", translator.max_rows, translator.max_columns);
            return refuse("captions.translator", expected, got);
        }
    }
    let least = std::iter::once((SMALLEST, "SSIM's window"))
        .chain(experiment.loss.smallest())
        .chain(experiment.adversarial.as_ref().map(|config| (config.discriminator.smallest(), "the discriminator")))
        .max_by_key(|(size, _)| *size);
    if let Some((least, what)) = least.filter(|&(least, _)| i64::from(data.transform.size) < least) {
        let expected = format!("at least {least}, which {what} needs");
        return refuse("data.transform.size", expected, data.transform.size.to_string());
    }
    if data.batch_size == 0 {
        return refuse("data.batch_size", "at least 1".into(), "0".into());
    }
    train.check()
}
