//! Generators, from stores of ids to images.

mod errors;
mod images;
mod store;
mod training;

use std::path::{Path, PathBuf};

use tch::Device;
use tempfile::TempDir;
use vq_data::Split;
use vq_train::{
    ExperimentFile, GeneratorCheckpoint, GeneratorExperiment, GeneratorPlan, GeneratorTrainer, GeneratorUse,
    ImageGenerator, Outcome, Plan, RunDir, TokenizeRequest, TokenizerSource, Trainer, Weights,
};

use crate::support::{StopAfter, plain, write};

/// Scenes of two kinds of code: plain VQ, which is quick.
const SCENES: [&str; 8] = [
    "data.source.kind=scenes",
    "data.source.train=12",
    "data.source.validation=5",
    "data.source.map=nouns",
    "data.source.nouns=[\"apple\", \"cat\", \"star\", \"car\"]",
    "data.source.objects={ start = 1, end = 1 }",
    "data.transform={ size = 32, background = { color = [255, 255, 255] }, flip = \"never\" }",
    "train.steps=2",
];

/// Trains a tokenizer of scenes for two steps, or of their maps, or with words as codes.
fn tokenizer(folder: &Path, name: &str, more: &[&str]) -> PathBuf {
    let run = folder.join(name);
    let experiment = plain(&[&SCENES, more].concat());
    let mut trainer = Trainer::begin(Plan::resolve(experiment).unwrap(), || RunDir::exact(&run)).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    run
}

/// A source of a tokenizer's run.
fn source(run: &Path) -> TokenizerSource {
    TokenizerSource { run: run.to_path_buf(), weights: Weights::default() }
}

/// Stores of the tokenizer's own images, with ids of segmentations if a tokenizer of such is given.
fn stores(folder: &Path, tokenizer: &Path, maps: Option<&Path>) -> PathBuf {
    let stores = folder.join("tokens");
    std::fs::create_dir(&stores).unwrap();
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

const TINY: &str = r#"
name = "tiny-generator"
device = "cpu"

[tokens]
batch_size = 4

[generator]
transformer = { width = 16, heads = 2, layers = 1, dropout = 0.1 }

[samples]
count = 3

[schedule]
learning_rate = 1e-2

[train]
steps = 6
log_every = 1
validate_every = 6
checkpoint_every = 2
"#;

/// A tiny generator over ids of a tokenizer, as they come from images.
fn experiment(tokenizer: &Path, more: &[&str]) -> GeneratorExperiment {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "generator.toml", TINY);
    let run = format!("tokens.tokenizer.run={}", toml::Value::String(tokenizer.display().to_string()));
    let overrides = std::iter::once(run).chain(more.iter().map(|text| (*text).to_owned())).collect();
    ExperimentFile { path, overrides }.load_generator().unwrap()
}

/// Where stores lie, as an override.
fn stored(stores: &Path) -> String {
    let path = |name: &str| toml::Value::String(stores.join(name).display().to_string());
    let (train, validation) = (path("train.safetensors"), path("validation.safetensors"));
    format!("tokens.source={{ kind = \"store\", train = {train}, validation = {validation} }}")
}

fn trainer(experiment: GeneratorExperiment, run: &Path) -> GeneratorTrainer {
    GeneratorTrainer::begin(GeneratorPlan::resolve(experiment).unwrap(), || RunDir::exact(run)).unwrap()
}

/// Trains to the end.
fn train(experiment: GeneratorExperiment, run: &Path) -> Outcome<vq_train::GeneratorValidation> {
    trainer(experiment, run).run(&mut StopAfter(u64::MAX)).unwrap()
}

/// The trained generator of a run.
fn open(run: &Path) -> ImageGenerator {
    let checkpoint = GeneratorCheckpoint::open(&run.join("checkpoint.safetensors")).unwrap();
    ImageGenerator::open(&checkpoint, &GeneratorUse::default(), Device::Cpu).unwrap()
}
