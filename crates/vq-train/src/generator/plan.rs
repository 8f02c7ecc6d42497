//! The experiment of a generator, once disk and device have been touched.

use std::sync::Arc;

use tch::Device;
use vlt_caption::Language;
use vq_experiment::{ConditionConfig, ConfigError, GeneratorExperiment, LabelLevel};
use vq_pipeline::{
    Checkpoint, Classes, Conditioner, GeneratorCheckpoint, GeneratorSetup, ImageTokens, MadeBy, PipelineError,
    StoredTokens, Texts, TokenDraw, TokenSets, TokenizedBatch, TokenizerReference, Tokenizers, open_tokenizer,
};

use crate::TrainError;

/// Everything that a run of a generator needs, checked and loaded.
pub struct GeneratorPlan {
    /// What its checkpoints record.
    pub setup: GeneratorSetup,
    /// The device.
    pub device: Device,
    /// The tokenizer between images and ids.
    pub tokens: ImageTokens,
    /// The condition encoder.
    pub conditioner: Conditioner,
    pub(super) sets: TokenSets,
}

impl GeneratorPlan {
    /// Checks the experiment, finds the device, reads tokenizers, ids or images, and language.
    ///
    /// # Errors
    /// The first error, naming the key or file.
    pub fn new(experiment: GeneratorExperiment) -> Result<Self, TrainError> {
        experiment.check()?;
        let (checkpoint, tokenizer) = open_tokenizer(&experiment.tokens.tokenizer)?;
        let segmentation = match &experiment.condition {
            ConditionConfig::Segmentation { tokenizer } => Some(open_tokenizer(tokenizer)?),
            _ => None,
        };
        Self::assemble(experiment, Opened { checkpoint, tokenizer, segmentation, language: None, classes: None })
    }

    /// The plan of a run that continues from a checkpoint, with its tokenizers, classes and language.
    pub(super) fn for_resume(checkpoint: &GeneratorCheckpoint) -> Result<Self, TrainError> {
        let language = checkpoint.language()?;
        let GeneratorSetup { experiment, tokenizer, segmentation, classes, .. } =
            checkpoint.header().experiment.clone();
        let checkpoint = tokenizer.open(None, "tokenizer")?;
        let open = |reference: TokenizerReference| {
            Ok::<_, TrainError>((reference.open(None, "segmentation's tokenizer")?, reference))
        };
        let segmentation = segmentation.map(open).transpose()?;
        let classes = Some(classes); // they keep their numbers, even if a store has changed
        Self::assemble(experiment, Opened { checkpoint, tokenizer, segmentation, language, classes })
    }

    fn assemble(experiment: GeneratorExperiment, opened: Opened) -> Result<Self, TrainError> {
        let Opened { checkpoint, tokenizer, segmentation, language, classes: known } = opened;
        let device = experiment.device.resolve()?;
        let sets = TokenSets::open(&experiment.tokens.source, &checkpoint.header().experiment.data)?;
        let tokens = ImageTokens::new(&checkpoint, tokenizer.weights, sets.size(), device)?;
        let mut segmentation_reference = None;
        let conditioner = match &experiment.condition {
            ConditionConfig::None => Conditioner::None,
            ConditionConfig::Class { level, classes } => {
                let names = known.map_or_else(|| known_classes(&sets, *level, classes), Ok)?;
                Conditioner::Class(Classes::new(*level, names)?)
            }
            ConditionConfig::Text { language: config, max_tokens } => {
                let language = match language {
                    Some(language) => language,
                    None => config.load_for(&sets.captions()?)?,
                };
                Conditioner::Text(Texts::new(Arc::new(language), *max_tokens, device))
            }
            ConditionConfig::Segmentation { .. } => {
                let (checkpoint, reference) = segmentation.ok_or_else(|| PipelineError::Condition {
                    expected: "a tokenizer of segmentations".into(),
                    got: "none".into(),
                })?;
                let tokens = ImageTokens::new(&checkpoint, reference.weights, Some(tokens.size), device)?;
                segmentation_reference = Some(reference);
                Conditioner::Segmentation(Box::new(tokens))
            }
        };
        let classes = match &conditioner {
            Conditioner::Class(classes) => classes.names().to_vec(),
            _ => Vec::new(),
        };
        let size = tokens.size;
        let setup = GeneratorSetup { experiment, tokenizer, segmentation: segmentation_reference, classes, size };
        let plan = Self { setup, device, tokens, conditioner, sets };
        plan.sets.check(&plan.setup.experiment.tokens, &plan.made_by())?;
        Ok(plan)
    }

    /// The tokenizers that must have made the ids of stores.
    fn made_by(&self) -> MadeBy {
        let segmentations = match (&self.conditioner, &self.setup.segmentation) {
            (Conditioner::Segmentation(tokens), Some(reference)) => {
                Some(StoredTokens::of(&reference.sha256, &tokens.grid))
            }
            _ => None,
        };
        MadeBy { images: StoredTokens::of(&self.setup.tokenizer.sha256, &self.tokens.grid), segmentations }
    }

    /// The number of images to train on and to validate on.
    pub fn image_counts(&self) -> [usize; 2] {
        self.sets.counts()
    }

    /// The ids of a batch.
    pub(super) fn tokenize(&self, draw: TokenDraw) -> Result<TokenizedBatch, PipelineError> {
        let segmentations = match &self.conditioner {
            Conditioner::Segmentation(tokens) => Some(tokens.as_ref()),
            _ => None,
        };
        draw.tokenize(&Tokenizers { images: &self.tokens, segmentations })
    }
}

/// What is read before a plan is assembled.
struct Opened {
    checkpoint: Checkpoint,
    tokenizer: TokenizerReference,
    segmentation: Option<(Checkpoint, TokenizerReference)>,
    /// Of a resumed run.
    language: Option<Language>,
    /// Of a resumed run.
    classes: Option<Vec<String>>,
}

/// The classes as configured, or those of a store in alphabetical order.
fn known_classes(sets: &TokenSets, level: LabelLevel, classes: &[String]) -> Result<Vec<String>, TrainError> {
    if !classes.is_empty() {
        return Ok(classes.to_vec());
    }
    let Some(labels) = sets.labels() else {
        let expected = "a list of classes, if ids do not come from a store";
        return Err(ConfigError::value("condition.classes", expected, "none").into());
    };
    let mut names: Vec<String> = labels.iter().filter_map(|labels| level.of(labels).cloned()).collect();
    names.sort();
    names.dedup();
    Ok(names)
}
