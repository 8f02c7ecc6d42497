//! Figures of images that are generated from captions of scenes.

use std::path::Path;

use tch::Device;
use tempfile::TempDir;
use vq_experiment::{Experiment, ExperimentFile, GeneratorExperiment, Weights};
use vq_generate::GenerationConfig;
use vq_pipeline::{
    Checkpoint, GeneratorCheckpoint, GeneratorUse, ImageGenerator, SceneClassifierCheckpoint, TrainedSceneClassifier,
};
use vq_run::RunDir;
use vq_study::{TextToImageRequest, TextToImageResult};
use vq_train::{GeneratorPlan, GeneratorRun, SceneClassifierPlan, SceneClassifierRun};

use crate::support::{Unattended, plain, train, write};

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

const GENERATOR: &str = r#"
name = "tiny-generator"
device = "cpu"

[tokens]
batch_size = 4

[generator]
transformer = { width = 16, heads = 2, layers = 1, dropout = 0.1 }

[condition]
kind = "text"
max_tokens = 24

[samples]
count = 3

[schedule]
learning_rate = 1e-2

[train]
steps = 2
log_every = 1
validate_every = 6
checkpoint_every = 2
"#;

const SCENE_CLASSIFIER: &str = r#"
name = "tiny-scene-classifier"
device = "cpu"

[data]
transform = { size = 32, background = { color = [255, 255, 255] }, flip = "never" }
batch_size = 4

[data.source]
kind = "scenes"
train = 40
validation = 5
objects = { start = 1, end = 1 }
nouns = ["apple", "cat", "star", "car"]

[network]
widths = [32]

[schedule]
learning_rate = 1e-3

[train]
steps = 2
log_every = 1
validate_every = 2
checkpoint_every = 2
"#;

/// The experiment of a tokenizer of scenes.
fn tokenizer(more: &[&str]) -> Experiment {
    plain(&[&SCENES, more].concat())
}

/// Trains a generator of the ids of the tokenizer of `run` into `folder/generator`.
fn generator(folder: &Path, run: &Path) -> GeneratorCheckpoint {
    let path = write(folder, "generator.toml", GENERATOR);
    let overrides = vec![format!("tokens.tokenizer.run={}", toml::Value::String(run.display().to_string()))];
    let experiment: GeneratorExperiment = ExperimentFile { path, overrides }.load_generator().unwrap().experiment;
    let trained = folder.join("generator");
    let mut run = GeneratorRun::begin(GeneratorPlan::new(experiment).unwrap(), || RunDir::exact(&trained)).unwrap();
    run.train(&mut Unattended).unwrap();
    GeneratorCheckpoint::open(&trained).unwrap()
}

/// Trains a scene classifier into `folder/scene-classifier`.
fn scene_classifier(folder: &Path) -> SceneClassifierCheckpoint {
    let path = write(folder, "scene-classifier.toml", SCENE_CLASSIFIER);
    let experiment = ExperimentFile { path, overrides: Vec::new() }.load_scene_classifier().unwrap().experiment;
    let trained = folder.join("scene-classifier");
    let plan = SceneClassifierPlan::new(experiment).unwrap();
    let mut run = SceneClassifierRun::begin(plan, || RunDir::exact(&trained)).unwrap();
    run.train(&mut Unattended).unwrap();
    SceneClassifierCheckpoint::open(&trained).unwrap()
}

/// Trains a caption decoder on the frozen codes of the tokenizer of `start`.
fn caption_decoder(start: &Path, run: &Path) -> Checkpoint {
    let from = format!("start={{ learn = \"captions\", run = {} }}", toml::Value::String(start.display().to_string()));
    let translator =
        "{ width = 8, heads = 1, neighbourhoods = 1, layers = 1, max_tokens = 24, max_rows = 8, max_columns = 8 }";
    let mut experiment = tokenizer(&[&format!("captions={{ weight = 1.0, translator = {translator} }}")]);
    experiment.start = Some(toml::from_str::<toml::Table>(&from).unwrap()["start"].clone().try_into().unwrap());
    train(experiment, run).0
}

#[test]
fn images_from_captions_are_measured_by_pixels_and_by_ids() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let run = folder.join("tokenizer");
    let (of_tokenizer, _) = train(tokenizer(&[]), &run);
    let checkpoint = generator(folder, &run);
    let generator = ImageGenerator::open(&checkpoint, &GeneratorUse::default(), Device::Cpu).unwrap();
    let classifier_checkpoint = scene_classifier(folder);
    let classifier = TrainedSceneClassifier::load(&classifier_checkpoint, Device::Cpu).unwrap();
    let evaluate = |caption_decoder: Option<&Checkpoint>, batch: usize| {
        let request = TextToImageRequest {
            generator: &generator,
            sha256: checkpoint.sha256(Weights::Ema),
            classifier: &classifier,
            classifier_sha256: classifier_checkpoint.sha256(Weights::Raw),
            caption_decoder,
            count: 4,
            seed: 0,
            config: GenerationConfig::default(),
            batch,
            device: Device::Cpu,
        };
        request.run(&checkpoint, &mut |_| {})
    };
    let decoder = caption_decoder(&run, &folder.join("caption-decoder"));
    let TextToImageResult { figures, scenes } = evaluate(Some(&decoder), 2).unwrap();
    assert_eq!((scenes.len(), figures.conditions.images), (4, 4));
    assert!(scenes.iter().all(|scene| scene.generated_caption.is_some()));
    for side in [&figures.generated, &figures.reconstructed] {
        assert_eq!(side.classified.all_objects.of, 4);
        assert_eq!(side.captioned.unwrap().all_objects.of, 4);
        assert!(side.scene_classifier_frechet.rank_deficient, "four images, more features");
    }
    assert_eq!(figures.originals.all_objects.of, 4);
    let other_batch = evaluate(Some(&decoder), 3).unwrap().figures;
    assert_eq!(other_batch.generated.classified, figures.generated.classified, "another batch");
    assert!(evaluate(None, 4).unwrap().figures.generated.captioned.is_none());

    let other = folder.join("other");
    train(tokenizer(&["seed=1"]), &other);
    let of_other = caption_decoder(&other, &folder.join("other-caption-decoder"));
    let error = evaluate(Some(&of_other), 4).unwrap_err().to_string();
    assert!(error.contains("caption decoder") && error.contains("another tokenizer"), "{error}");
    let error = evaluate(Some(&of_tokenizer), 4).unwrap_err().to_string();
    assert!(error.contains("one without captions"), "{error}");
}
