//! The experiment of a tokenizer, once disk and device have been touched.

use std::sync::Arc;

use codebook_prior::PriorGraph;
use tch::{Device, Tensor};
use vlt_caption::Language;
use vq_data::{Batch, DamagedFile, Loader, LoaderConfig};
use vq_experiment::{CaptionsConfig, DataConfig, Experiment, Images, Learn, StartConfig, Storage};
use vq_pipeline::{CAPTION_PARAMETERS, Checkpoint, TokenizerState};
use vq_scenes::EmojiScenes;

use crate::TrainError;

/// Everything that a run of a tokenizer needs, checked and loaded.
pub struct TokenizerPlan {
    /// The experiment as configured.
    pub experiment: Experiment,
    /// The device.
    pub device: Device,
    /// The words, if codes are words.
    pub prior: Option<PriorGraph>,
    /// The language of captions, if they are read.
    pub language: Option<Arc<Language>>,
    /// The trained tokenizer to start from.
    start: Option<Checkpoint>,
    images: Images,
}

/// Words that a run keeps, whatever happens to the files that they came from.
struct Words {
    prior: Option<PriorGraph>,
    language: Option<Arc<Language>>,
}

impl Words {
    fn of(checkpoint: &Checkpoint) -> Result<Self, TrainError> {
        Ok(Self { prior: checkpoint.prior()?, language: checkpoint.language()?.map(Arc::new) })
    }
}

impl TokenizerPlan {
    /// Checks the experiment, finds the device, and reads prior, language, images, and the tokenizer to start from.
    ///
    /// # Errors
    /// The first error, naming the key or file.
    pub fn new(experiment: Experiment) -> Result<Self, TrainError> {
        experiment.check()?;
        let images = experiment.data.open(Storage::AsConfigured)?;
        Self::with_images(experiment, images)
    }

    /// As [`TokenizerPlan::new`], with the caller's images instead of the configured ones.
    ///
    /// The checkpoints of such a run do not record its images:
    /// [`TokenizerRun::resume_with_images`](crate::TokenizerRun::resume_with_images) takes them again.
    ///
    /// # Errors
    /// The first error, naming the key or file.
    pub fn with_images(experiment: Experiment, images: Images) -> Result<Self, TrainError> {
        experiment.check()?;
        let start = experiment.start.as_ref().map(|start| Checkpoint::open(&start.run)).transpose()?;
        let prior = match &start {
            Some(checkpoint) => checkpoint.prior()?,
            None => experiment.quantizer.load_prior()?,
        };
        let load = |captions: &CaptionsConfig| captions.language.load(prior.as_ref(), images.train.as_ref());
        let language = experiment.captions.as_ref().map(load).transpose()?.map(Arc::new);
        Ok(Self { start, ..Self::assemble(experiment, Words { prior, language }, images)? })
    }

    /// The plan of a run that continues from a checkpoint, with its words, and with the caller's images if they are
    /// given.
    pub(super) fn for_resume(checkpoint: &Checkpoint, images: Option<Images>) -> Result<Self, TrainError> {
        Self::from_checkpoint(checkpoint, checkpoint.header().experiment.clone(), images)
    }

    /// The plan of a checkpoint's run, with other data if they are given, to evaluate its tokenizer on a device.
    ///
    /// # Errors
    /// The first error, naming the key or file.
    pub fn for_evaluation(
        checkpoint: &Checkpoint,
        data: Option<DataConfig>,
        device: Device,
    ) -> Result<Self, TrainError> {
        let mut experiment = checkpoint.header().experiment.clone();
        experiment.data = data.unwrap_or(experiment.data);
        Ok(Self { device, ..Self::from_checkpoint(checkpoint, experiment, None)? })
    }

    fn from_checkpoint(
        checkpoint: &Checkpoint,
        experiment: Experiment,
        images: Option<Images>,
    ) -> Result<Self, TrainError> {
        experiment.check()?;
        let images = match images {
            Some(images) => images,
            None => experiment.data.open(Storage::AsConfigured)?,
        };
        Self::assemble(experiment, Words::of(checkpoint)?, images)
    }

    fn assemble(experiment: Experiment, words: Words, images: Images) -> Result<Self, TrainError> {
        let device = experiment.device.resolve()?;
        let Words { prior, language } = words;
        Ok(Self { experiment, device, prior, language, start: None, images })
    }

    /// The tokenizer at the start of the run: built as configured, with the weights of the tokenizer to start from, and
    /// with frozen parameters if only captions are trained.
    pub(super) fn initial_state(&self) -> Result<TokenizerState, TrainError> {
        let state = TokenizerState::fresh(&self.experiment, self.prior.clone(), self.device)?;
        self.prepare(state)
    }

    /// As [`TokenizerPlan::initial_state`], for a tokenizer of the caller.
    pub(super) fn prepare(&self, state: TokenizerState) -> Result<TokenizerState, TrainError> {
        let state = state.with_captions(&self.experiment, self.language.as_ref())?;
        if let (Some(checkpoint), Some(StartConfig { weights, .. })) = (&self.start, &self.experiment.start) {
            checkpoint.restore_variables(tokenizer_variables(&state), *weights)?;
        }
        if self.experiment.learns() == Learn::Captions {
            tokenizer_variables(&state).for_each(|(_, variable)| {
                let _ = variable.set_requires_grad(false);
            });
        }
        Ok(state)
    }

    /// Endless training micro-batches from micro-batch `first` on.
    pub(super) fn train_batches(&self, first: u64) -> Result<Loader, TrainError> {
        let Experiment { seed, data, .. } = &self.experiment;
        let threads = data.source.threads(self.device);
        let config = LoaderConfig { first_batch: first, threads, ..LoaderConfig::shuffled(data.batch_size, *seed) };
        Ok(Loader::new(Arc::clone(&self.images.train), data.transform.clone(), config)?)
    }

    /// The validation set once, in order, without augmentation.
    ///
    /// # Errors
    /// [`TrainError::Data`] if there are no images.
    pub fn validation_batches(&self) -> Result<Loader, TrainError> {
        let data = &self.experiment.data;
        let threads = data.source.threads(self.device);
        let config = LoaderConfig { threads, ..LoaderConfig::one_pass(data.batch_size) };
        Ok(Loader::new(Arc::clone(&self.images.validation), data.validation_transform(), config)?)
    }

    /// All captions of images of the validation set.
    ///
    /// # Errors
    /// [`TrainError::Data`] if an image does not exist.
    pub fn validation_captions(&self, images: &[usize]) -> Result<Vec<Vec<String>>, TrainError> {
        images.iter().map(|&image| Ok(self.images.validation.captions(image)?)).collect()
    }

    /// The scenes of the validation set with their truth, if it consists of scenes.
    ///
    /// # Errors
    /// [`TrainError::Config`] if the scenes cannot be made.
    pub fn validation_scenes(&self) -> Result<Option<EmojiScenes>, TrainError> {
        let DataConfig { source, transform, .. } = &self.experiment.data;
        Ok(source.scenes().map(|scenes| scenes.validation_world(transform)).transpose()?)
    }

    /// The damaged images of both sets that were skipped so far.
    pub fn damaged_images(&self) -> Vec<DamagedFile> {
        self.images.sources.iter().flat_map(|source| source.damaged()).collect()
    }

    /// The number of images to train on and to validate on.
    pub fn image_counts(&self) -> [usize; 2] {
        [self.images.train.len(), self.images.validation.len()]
    }

    /// A batch as `[B, 3, S, S]` on the plan's device.
    pub fn to_tensor(&self, batch: &Batch) -> Tensor {
        let size = i64::from(batch.size);
        Tensor::from_slice(&batch.images).view([batch.count as i64, 3, size, size]).to_device(self.device)
    }
}

/// Parameters and buffers of encoder, quantizer and decoder.
fn tokenizer_variables(state: &TokenizerState) -> impl Iterator<Item = (String, Tensor)> {
    let of_tokenizer = |name: &str| name.split('.').next() != Some(CAPTION_PARAMETERS);
    state.store.variables().into_iter().filter(move |(name, _)| of_tokenizer(name))
}
