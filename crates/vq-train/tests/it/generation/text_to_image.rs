//! What is in images that were made from captions.

use tch::Device;
use tempfile::TempDir;
use vq_generate::GenerationConfig;
use vq_train::{
    Checkpoint, GeneratorCheckpoint, JudgeConfig, RunDir, SceneJudge, TextToImageRequest, TextToImageResult, Trainer,
    Weights,
};

use super::{SCENES, experiment, open, tokenizer, train};
use crate::support::{StopAfter, plain, write};

const JUDGE: &str = r#"
name = "tiny"
device = "cpu"
steps = 2

[data]
source = { kind = "scenes", nouns = ["apple", "cat", "star", "car"], objects = { start = 1, end = 1 }, train = 40, validation = 5 }
transform = { size = 32, background = { color = [255, 255, 255] }, flip = "never" }
batch_size = 4

[network]
widths = [32]

[schedule]
learning_rate = 1e-3
"#;

#[test]
fn images_from_captions_are_looked_at_from_two_sides() {
    let folder = TempDir::new().unwrap();
    let run = tokenizer(folder.path(), "tokenizer", &[]);
    let place = folder.path().join("run");
    train(experiment(&run, &["condition={ kind = \"text\", max_tokens = 24 }", "train.steps=2"]), &place);
    let config = JudgeConfig::read(&write(folder.path(), "judge.toml", JUDGE), &[]).unwrap();
    let judge = SceneJudge::train(config, &mut StopAfter(u64::MAX)).unwrap().unwrap();
    let reader = |start: &std::path::Path, name: &str| {
        let start =
            format!("start={{ learn = \"captions\", run = {} }}", toml::Value::String(start.display().to_string()));
        let translator =
            "{ width = 8, heads = 1, neighbourhoods = 1, layers = 1, max_tokens = 24, max_rows = 8, max_columns = 8 }";
        let captions = format!("captions={{ weight = 1.0, translator = {translator} }}");
        let place = folder.path().join(name);
        let mut experiment = plain(&[&SCENES[..], &[&captions]].concat());
        experiment.start = Some(toml::from_str::<toml::Table>(&start).unwrap()["start"].clone().try_into().unwrap());
        Trainer::begin(vq_train::Plan::resolve(experiment).unwrap(), || RunDir::exact(&place))
            .unwrap()
            .run(&mut StopAfter(u64::MAX))
            .unwrap();
        Checkpoint::open(&place.join("checkpoint.safetensors")).unwrap()
    };
    let checkpoint = GeneratorCheckpoint::open(&place.join("checkpoint.safetensors")).unwrap();
    let generator = open(&place);
    let of = |reader: Option<&Checkpoint>, batch: usize| {
        let request = TextToImageRequest {
            generator: &generator,
            sha256: checkpoint.sha256(Weights::Ema),
            judge: &judge,
            judge_sha256: "judge".into(),
            reader,
            count: 4,
            seed: 0,
            config: GenerationConfig::default(),
            batch,
            device: Device::Cpu,
        };
        request.run(&checkpoint, &mut |_| {})
    };
    let own = reader(&run, "reader");
    let TextToImageResult { figures, made } = of(Some(&own), 2).unwrap();
    assert_eq!((made.len(), figures.conditions.images), (4, 4));
    for side in [&figures.generated, &figures.reconstructed] {
        assert_eq!(side.judged.all_objects.of, 4);
        assert_eq!(side.told.unwrap().all_objects.of, 4);
        assert!(side.judge_frechet.rank_deficient, "four images, more features");
    }
    assert_eq!(figures.originals.all_objects.of, 4);
    assert_eq!(of(Some(&own), 3).unwrap().figures.generated.judged, figures.generated.judged, "another batch");
    assert!(of(None, 4).unwrap().figures.generated.told.is_none());

    let other = tokenizer(folder.path(), "other", &["seed=1"]);
    let error = of(Some(&reader(&other, "other-reader")), 4).unwrap_err().to_string();
    assert!(error.contains("reader") && error.contains("another tokenizer"), "{error}");
    let silent = Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap();
    let error = of(Some(&silent), 4).unwrap_err().to_string();
    assert!(error.contains("none that tells captions"), "{error}");
}
