//! Tokenizers and generators with random parameters, as checkpoints, that the tests share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tch::{Device, Kind, Tensor, nn};
use tempfile::TempDir;
use vq_data::Split;
use vq_experiment::{ConditionConfig, Experiment, ExperimentFile, GeneratorExperiment, TokenizerSource, Weights};
use vq_pipeline::{
    Checkpoint, CheckpointContents, CheckpointFile, CheckpointHeader, Classes, Conditioner, GeneratorCheckpoint,
    GeneratorSetup, GeneratorUse, ImageGenerator, ImageTokens, RngGuard, Texts, TokenSets, TokenizeRequest,
    TokenizerState, Trained, open_tokenizer,
};

/// A tokenizer with small images, a small network and few words.
const TINY: &str = r#"
name = "tiny"
device = "cpu"

[data]
batch_size = 2
source = { kind = "emoji" }
transform = { size = 16, background = "random", flip = "random" }

[autoencoder]
channels = 32
multipliers = [1, 1, 1]
residual_blocks = 1
attention_factors = []
latent_channels = 8

[quantizer]
kind = "vqct"
prior = { source = "embedded", max_adjectives = 20, max_nouns = 30 }
transfer = { hidden = 8, dropout = 0.5 }
codebook_dim = 4

[schedule]
learning_rate = 1e-3

[train]
steps = 6
"#;

/// Overrides of [`TINY`]: plain VQ on scenes of four nouns.
const SCENES: [&str; 10] = [
    "quantizer.kind=vq",
    "quantizer.codebook_size=24",
    "quantizer.codebook_dim=4",
    "data.source.kind=scenes",
    "data.source.train=12",
    "data.source.validation=5",
    "data.source.map=nouns",
    "data.source.nouns=[\"apple\", \"cat\", \"star\", \"car\"]",
    "data.source.objects={ start = 1, end = 1 }",
    "data.transform={ size = 32, background = { color = [255, 255, 255] }, flip = \"never\" }",
];

/// A generator over the ids of a tokenizer.
const GENERATOR: &str = r#"
name = "tiny-generator"
device = "cpu"

[tokens]
batch_size = 4

[generator]
transformer = { width = 16, heads = 2, layers = 1, dropout = 0.1 }

[schedule]
learning_rate = 1e-2

[train]
steps = 6
"#;

/// The file of an experiment in a temporary folder, read by `load`.
pub(crate) fn load<E>(text: &str, overrides: &[&str], load: impl FnOnce(ExperimentFile) -> E) -> E {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("experiment.toml");
    std::fs::write(&path, text).unwrap();
    load(ExperimentFile { path, overrides: overrides.iter().map(|text| (*text).to_owned()).collect() })
}

/// [`TINY`] with overrides.
pub(crate) fn tiny(overrides: &[&str]) -> Experiment {
    load(TINY, overrides, |file| file.load().unwrap().experiment)
}

/// Writes the checkpoint of step 0.
pub(crate) fn save<E: Trained>(path: &Path, experiment: E, contents: &CheckpointParts<'_>) {
    let parameters = contents.store.variables().into_iter();
    let contents = CheckpointContents {
        header: CheckpointHeader::fresh(experiment),
        prior: contents.prior,
        language: contents.language,
        tensors: parameters.map(|(name, tensor)| (format!("model.{name}"), tensor)).collect(),
    };
    CheckpointFile::save(path, &contents).unwrap();
}

/// The content of a checkpoint besides its header.
pub(crate) struct CheckpointParts<'a> {
    pub(crate) store: &'a nn::VarStore,
    pub(crate) prior: Option<&'a codebook_prior::PriorGraph>,
    pub(crate) language: Option<&'a vlt_caption::Language>,
}

/// A tokenizer with random parameters, and its checkpoint in `folder`.
pub(crate) fn saved(folder: &Path, experiment: &Experiment) -> (PathBuf, TokenizerState) {
    let path = folder.join("checkpoint.safetensors");
    let prior = experiment.quantizer.load_prior().unwrap();
    let state = TokenizerState::fresh(experiment, prior, Device::Cpu).unwrap();
    let parts = CheckpointParts { store: &state.store, prior: state.prior.as_ref(), language: None };
    save(&path, experiment.clone(), &parts);
    (path, state)
}

/// The folder of a checkpoint of a tokenizer of scenes, with random parameters.
pub(crate) fn tokenizer(folder: &Path, name: &str, more: &[&str]) -> PathBuf {
    let run = folder.join(name);
    std::fs::create_dir(&run).unwrap();
    saved(&run, &tiny(&[&SCENES, more].concat()));
    run
}

/// Writes token stores of the tokenizer's own images, with ids of segmentations if a tokenizer of these is given;
/// returns their folder.
pub(crate) fn stores(folder: &Path, tokenizer: &Path, maps: Option<&Path>) -> PathBuf {
    let stores = folder.join("tokens");
    std::fs::create_dir(&stores).unwrap();
    let source = |run: &Path| TokenizerSource { run: run.to_path_buf(), weights: Weights::default() };
    let request = TokenizeRequest {
        tokenizer: source(tokenizer),
        segmentation: maps.map(source),
        data: None,
        device: Device::Cpu,
    };
    for (part, name) in [(Split::Train, "train"), (Split::Validation, "validation")] {
        request.run(part, &stores.join(format!("{name}.safetensors")), &mut |_, _| {}).unwrap();
    }
    stores
}

/// The override that takes ids from the stores of a folder.
pub(crate) fn from_stores(stores: &Path) -> String {
    let path = |name: &str| toml_string(&stores.join(name));
    let (train, validation) = (path("train.safetensors"), path("validation.safetensors"));
    format!("tokens.source={{ kind = \"store\", train = {train}, validation = {validation} }}")
}

/// The override that makes segmentations the condition, as ids of a tokenizer.
pub(crate) fn segmentation_condition(tokenizer: &Path) -> String {
    format!("condition={{ kind = \"segmentation\", tokenizer = {{ run = {} }} }}", toml_string(tokenizer))
}

fn toml_string(path: &Path) -> toml::Value {
    toml::Value::String(path.display().to_string())
}

/// The checkpoint of a generator of ids of a tokenizer: [`GENERATOR`] with overrides. Its parameters are random; none
/// is zero.
pub(crate) fn generator(folder: &Path, name: &str, tokenizer: &Path, more: &[&str]) -> GeneratorCheckpoint {
    let run = format!("tokens.tokenizer.run={}", toml_string(tokenizer));
    let overrides = [&[run.as_str()], more].concat();
    let experiment = load(GENERATOR, &overrides, |file| file.load_generator().unwrap().experiment);
    let path = folder.join(format!("{name}.safetensors"));
    save_generator(&path, experiment);
    GeneratorCheckpoint::open(&path).unwrap()
}

fn save_generator(path: &Path, experiment: GeneratorExperiment) {
    let (checkpoint, tokenizer) = open_tokenizer(&experiment.tokens.tokenizer).unwrap();
    let image_tokens = |checkpoint: &Checkpoint| ImageTokens::new(checkpoint, Weights::Ema, None, Device::Cpu).unwrap();
    let tokens = image_tokens(&checkpoint);
    let sets = TokenSets::open(&experiment.tokens.source, &checkpoint.header().experiment.data).unwrap();
    let mut segmentation = None;
    let mut names = Vec::new();
    let conditioner = match &experiment.condition {
        ConditionConfig::None => Conditioner::None,
        ConditionConfig::Class { level, classes } => {
            names = classes.clone();
            Conditioner::Class(Classes::new(*level, classes.clone()).unwrap())
        }
        ConditionConfig::Text { language, max_tokens } => {
            let language = language.load_for(&sets.captions().unwrap()).unwrap();
            Conditioner::Text(Texts::new(Arc::new(language), *max_tokens, Device::Cpu))
        }
        ConditionConfig::Segmentation { tokenizer } => {
            let (checkpoint, reference) = open_tokenizer(tokenizer).unwrap();
            segmentation = Some(reference);
            Conditioner::Segmentation(Box::new(image_tokens(&checkpoint)))
        }
    };
    let store = nn::VarStore::new(Device::Cpu);
    let guard = RngGuard::seeded(experiment.seed);
    tokens.generator(&store, &conditioner.conditioning(), &experiment).unwrap();
    for (_, mut variable) in store.variables() {
        let noise = Tensor::randn(variable.size(), (Kind::Float, Device::Cpu)) * 0.1;
        tch::no_grad(|| variable.copy_(&(&variable + noise)));
    }
    drop(guard);
    let setup = GeneratorSetup { experiment, tokenizer, segmentation, classes: names, size: tokens.size };
    save(path, setup, &CheckpointParts { store: &store, prior: None, language: conditioner.language() });
}

/// The generator of a checkpoint, with its tokenizer at the recorded path.
pub(crate) fn opened(checkpoint: &GeneratorCheckpoint) -> ImageGenerator {
    ImageGenerator::open(checkpoint, &GeneratorUse::default(), Device::Cpu).unwrap()
}
