//! Training on scenes of emoji.

use tempfile::TempDir;
use vq_experiment::SourceConfig;
use vq_pipeline::Checkpoint;
use vq_run::RunDir;
use vq_scenes::SceneSplit;
use vq_train::{TokenizerPlan, TokenizerRun, TrainError};

use crate::support::{StopAfter, tiny};

const SCENES: [&str; 5] = [
    "data.source.kind=scenes",
    "data.source.train=12",
    "data.source.validation=5",
    "data.transform.size=32",
    "data.transform.flip=never",
];

fn plan(more: &[&str]) -> Result<TokenizerPlan, TrainError> {
    TokenizerPlan::new(tiny(&[&SCENES, more].concat()))
}

#[test]
fn run_folder_records_the_scenes() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    let plan = plan(&["data.source.validate_on=held-out", "data.source.seed=3"]).unwrap();
    assert_eq!(plan.image_counts(), [12, 5]);
    TokenizerRun::begin(plan, || RunDir::exact(&run)).unwrap().train(&mut StopAfter(u64::MAX)).unwrap();
    let header = Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap().header().clone();
    let SourceConfig::Scenes(source) = header.experiment.data.source else { panic!("another source") };
    assert_eq!((source.seed, source.train, source.validation), (3, 12, 5));
    assert_eq!(source.validate_on, SceneSplit::HeldOut);
    assert_eq!(source.objects, 1..=4);
}

#[test]
fn error_names_key_of_bad_scenes() {
    #[track_caller]
    fn check(more: &str, parts: &[&str]) {
        let Err(error) = plan(&[more]) else { panic!("accepted {more}") };
        let message = error.to_string();
        for part in parts {
            assert!(message.contains(part), "{part:?} is missing in: {message}");
        }
    }
    check("data.transform.flip=random", &["data.transform.flip", "never", "random"]);
    check("data.transform.crop={ random = 0.5 }", &["data.transform.crop", "center", "random"]);
    check("data.source.validate_on=train", &["data.source.validate_on", "held-out", "train"]);
    check("data.source.validation=0", &["data.source.validation", "at least 1 scene", "0"]);
    check("data.source.train=0", &["length", "at least 1 scene", "0"]);
    check("data.transform.size=16", &["size", "32 to 256", "16"]);
}
