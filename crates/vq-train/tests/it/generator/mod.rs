//! Training of generators, and what they cannot be trained with.

mod errors;
mod training;

use std::path::{Path, PathBuf};

use tch::Device;
use tempfile::TempDir;
use vq_data::Split;
use vq_experiment::{ExperimentFile, GeneratorExperiment, TokenizerSource, Weights};
use vq_pipeline::{GeneratorCheckpoint, GeneratorUse, ImageGenerator, TokenizeRequest};
use vq_run::RunDir;
use vq_train::{GeneratorPlan, GeneratorRun, GeneratorValidation, Outcome, TokenizerPlan, TokenizerRun};

use crate::support::{StopAfter, plain, write};

/// Scenes for plain VQ, which is quick.
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

/// Trains a tokenizer of [`SCENES`] with overrides for two steps; returns its run folder.
fn tokenizer(folder: &Path, name: &str, more: &[&str]) -> PathBuf {
    let run = folder.join(name);
    let plan = TokenizerPlan::new(plain(&[&SCENES, more].concat())).unwrap();
    TokenizerRun::begin(plan, || RunDir::exact(&run)).unwrap().train(&mut StopAfter(u64::MAX)).unwrap();
    run
}

/// A tokenizer by its run folder.
fn source(run: &Path) -> TokenizerSource {
    TokenizerSource { run: run.to_path_buf(), weights: Weights::default() }
}

/// Writes token stores of the tokenizer's own images, with ids of segmentations if a tokenizer of these is given;
/// returns their folder.
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

/// [`TINY`] over the ids of a tokenizer, with overrides; by default, ids are computed from images as they are needed.
fn experiment(tokenizer: &Path, more: &[&str]) -> GeneratorExperiment {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "generator.toml", TINY);
    let run = format!("tokens.tokenizer.run={}", toml_string(tokenizer));
    let overrides = std::iter::once(run).chain(more.iter().map(|text| (*text).to_owned())).collect();
    ExperimentFile { path, overrides }.load_generator().unwrap().experiment
}

/// The override that takes ids from the stores of a folder.
fn from_stores(stores: &Path) -> String {
    let path = |name: &str| toml_string(&stores.join(name));
    let (train, validation) = (path("train.safetensors"), path("validation.safetensors"));
    format!("tokens.source={{ kind = \"store\", train = {train}, validation = {validation} }}")
}

/// The override that makes segmentations the condition, as ids of a tokenizer.
fn segmentation_condition(tokenizer: &Path) -> String {
    format!("condition={{ kind = \"segmentation\", tokenizer = {{ run = {} }} }}", toml_string(tokenizer))
}

fn toml_string(path: &Path) -> toml::Value {
    toml::Value::String(path.display().to_string())
}

/// Begins a run in a new folder.
fn begun(experiment: GeneratorExperiment, run: &Path) -> GeneratorRun {
    GeneratorRun::begin(GeneratorPlan::new(experiment).unwrap(), || RunDir::exact(run)).unwrap()
}

/// Trains to the end in a new folder.
fn train(experiment: GeneratorExperiment, run: &Path) -> Outcome<GeneratorValidation> {
    begun(experiment, run).train(&mut StopAfter(u64::MAX)).unwrap()
}

/// The trained generator of a run.
fn open(run: &Path) -> ImageGenerator {
    let checkpoint = GeneratorCheckpoint::open(&run.join("checkpoint.safetensors")).unwrap();
    ImageGenerator::open(&checkpoint, &GeneratorUse::default(), Device::Cpu).unwrap()
}
