//! A generator's experiment that has touched disk and device.

use std::sync::Arc;

use tch::Device;
use vlt_caption::Language;

use super::conditioner::{Classes, Conditioner, Texts};
use super::config::{ConditionConfig, GeneratorExperiment, LabelLevel};
use super::image_tokens::ImageTokens;
use super::setup::{GeneratorSetup, TokenizerReference};
use super::token_store::StoredTokens;
use super::tokens::{MadeBy, TokenDraw, TokenSets, TokenizedBatch, Tokenizers};
use crate::{Checkpoint, TrainError};

/// Everything that a generator's run needs, checked and loaded.
pub struct GeneratorPlan {
    /// What its checkpoints will say.
    pub setup: GeneratorSetup,
    /// The device found.
    pub device: Device,
    /// What makes ids of images, and images of ids.
    pub tokens: ImageTokens,
    /// What says what images are to show.
    pub conditioner: Conditioner,
    pub(crate) sets: TokenSets,
}

impl GeneratorPlan {
    /// Checks the experiment, finds the device, reads tokenizers, ids or images, and language.
    ///
    /// # Errors
    /// The first thing that is wrong, named by key or file.
    pub fn resolve(experiment: GeneratorExperiment) -> Result<Self, TrainError> {
        experiment.check()?;
        let (checkpoint, tokenizer) = experiment.tokens.tokenizer.open()?;
        let segmentation = match &experiment.condition {
            ConditionConfig::Segmentation { tokenizer } => Some(tokenizer.open()?),
            _ => None,
        };
        Self::assemble(experiment, Opened { checkpoint, tokenizer, segmentation, language: None, classes: None })
    }

    /// The plan of a run that goes on, with the tokenizers that it began with and the language of its checkpoint.
    pub(crate) fn again(setup: &GeneratorSetup, language: Option<Language>) -> Result<Self, TrainError> {
        let GeneratorSetup { experiment, tokenizer, segmentation, classes, .. } = setup.clone();
        let checkpoint = tokenizer.open(None, "tokenizer")?;
        let open = |reference: TokenizerReference| {
            Ok::<_, TrainError>((reference.open(None, "segmentation's tokenizer")?, reference))
        };
        let segmentation = segmentation.map(open).transpose()?;
        let classes = Some(classes); // they keep their numbers, whatever a store has become
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
                let (checkpoint, reference) = segmentation.ok_or_else(|| TrainError::Condition {
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

    fn made_by(&self) -> MadeBy {
        let segmentations = match (&self.conditioner, &self.setup.segmentation) {
            (Conditioner::Segmentation(tokens), Some(reference)) => {
                Some(StoredTokens::of(&reference.sha256, &tokens.grid))
            }
            _ => None,
        };
        MadeBy { images: StoredTokens::of(&self.setup.tokenizer.sha256, &self.tokens.grid), segmentations }
    }

    /// Images to train on and to validate on.
    pub fn image_counts(&self) -> [usize; 2] {
        self.sets.counts()
    }

    pub(crate) fn tokenize(&self, draw: TokenDraw) -> Result<TokenizedBatch, TrainError> {
        let segmentations = match &self.conditioner {
            Conditioner::Segmentation(tokens) => Some(tokens.as_ref()),
            _ => None,
        };
        draw.tokenize(&Tokenizers { images: &self.tokens, segmentations })
    }
}

/// What was read before a plan is put together.
struct Opened {
    checkpoint: Checkpoint,
    tokenizer: TokenizerReference,
    segmentation: Option<(Checkpoint, TokenizerReference)>,
    /// Of the run that goes on.
    language: Option<Language>,
    /// Likewise.
    classes: Option<Vec<String>>,
}

/// The classes as configured, or those of a store in the order of the alphabet.
fn known_classes(sets: &TokenSets, level: LabelLevel, classes: &[String]) -> Result<Vec<String>, TrainError> {
    if !classes.is_empty() {
        return Ok(classes.to_vec());
    }
    let Some(labels) = sets.labels() else {
        let expected = "a list of classes where ids are made of images as they come";
        let (key, got) = ("condition.classes", "none".into());
        return Err(TrainError::Option { key, expected: expected.into(), got });
    };
    let mut names: Vec<String> = labels.iter().filter_map(|labels| level.of(labels).cloned()).collect();
    names.sort();
    names.dedup();
    Ok(names)
}
