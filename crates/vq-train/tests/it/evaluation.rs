//! Evaluation of tokenizers: figures, and what decides them.

use std::path::Path;

use tch::Device;
use tempfile::TempDir;
use vq_train::{
    Checkpoint, DataConfig, Evaluated, Evaluation, EvaluationRequest, Plan, RunDir, ShownImages, Trainer, Validation,
    Weights,
};

use crate::support::{StopAfter, tiny};

const SCENES: [&str; 7] = [
    "data.source.kind=scenes",
    "data.source.objects={ start = 1, end = 2 }",
    "data.source.train=12",
    "data.source.validation=9",
    "data.transform.size=32",
    "data.transform.flip=never",
    "data.transform.background={ color = [255, 255, 255] }",
];
const CAPTIONS: [&str; 2] =
    ["captions.translator={ width = 16, heads = 2, layers = 1, max_tokens = 12 }", "captions.global={}"];

fn trained(folder: &Path, more: &[&str]) -> (Checkpoint, Validation) {
    let experiment = tiny(&[&SCENES, more].concat());
    let mut trainer = Trainer::begin(Plan::resolve(experiment).unwrap(), || RunDir::exact(folder)).unwrap();
    let validation = trainer.run(&mut StopAfter(u64::MAX)).unwrap().validation.unwrap();
    (Checkpoint::open(&folder.join("checkpoint.safetensors")).unwrap(), validation)
}

fn evaluate(checkpoint: &Checkpoint, data: Option<DataConfig>) -> Evaluated {
    let shown = Some(ShownImages { count: 3, seed: 1 });
    EvaluationRequest { weights: Weights::Raw, device: Device::Cpu, data, synonyms: None, shown }
        .run(checkpoint)
        .unwrap()
}

#[test]
fn an_evaluation_is_the_last_validation_and_more_and_the_same_each_time() {
    let folder = TempDir::new().unwrap();
    let (checkpoint, validation) = trained(&folder.path().join("run"), &CAPTIONS);
    let Evaluated { evaluation, told, shown } = evaluate(&checkpoint, None);
    assert_eq!(evaluation.images.psnr, validation.psnr);
    assert_eq!(evaluation.images.ssim, validation.ssim);
    assert_eq!(evaluation.usage(), validation.usage());
    assert_eq!(evaluation.conditions.data.images, 9);
    assert_eq!(told.len(), 9);
    let language = evaluation.language.as_ref().unwrap();
    let seen = validation.captions.unwrap();
    let difference = language.likelihood.negative_log_likelihood - seen.negative_log_likelihood;
    assert!(difference.abs() < 1e-5, "{difference}");
    assert_eq!(language.scores.captions, 9);
    assert!(language.retrieval.is_some() && language.scenes.is_some());
    // The tiny prior has few of the words of scenes: each is either asked for or missing.
    let asked: u64 = evaluation.words.iter().map(|group| group.missing).sum::<u64>()
        + evaluation
            .words
            .iter()
            .filter_map(|group| group.pointing)
            .map(|scores| scores.words + scores.unseen)
            .sum::<u64>();
    assert!(asked >= 9, "each scene has a noun, got {asked} words");

    assert_eq!(shown.len(), 3);
    for image in &shown {
        assert_eq!(image.original.dimensions(), (32, 32));
        assert_eq!(image.told.as_ref(), told.iter().find(|told| told.image == image.image));
        assert_ne!(image.original, image.reconstruction);
    }
    let again = evaluate(&checkpoint, None);
    assert!(again.shown.iter().zip(&shown).all(|(again, first)| again.image == first.image));
    assert_eq!(again.evaluation, evaluation);
    assert_eq!(again.told, told);
    let json = serde_json::to_string(&evaluation).unwrap();
    assert_eq!(Evaluation::from_json("copy", &json).unwrap(), evaluation);
}

#[test]
fn other_images_have_another_hash_and_codes_without_words_none_of_their_figures() {
    let folder = TempDir::new().unwrap();
    let plain = ["quantizer={ kind = \"nearest\", codes = 24, width = 4 }"];
    let (checkpoint, _) = trained(&folder.path().join("run"), &plain);
    let evaluation = evaluate(&checkpoint, None).evaluation;
    assert!(evaluation.words.is_empty() && evaluation.language.is_none());
    let hash = |data: DataConfig| evaluate(&checkpoint, Some(data)).evaluation.conditions.data.sha256;
    let data = |more: &str| tiny(&[&SCENES[..], &[more]].concat()).data;
    let own = evaluation.conditions.data.sha256;
    assert_eq!(hash(data("data.batch_size=4")), own, "how images are batched does not count");
    assert_ne!(hash(data("data.source.seed=1")), own);
    assert_ne!(hash(data("data.source.validation=8")), own);
}

#[test]
fn what_is_no_evaluation_of_this_version_is_refused() {
    #[track_caller]
    fn check(json: &str, says: &str) {
        let error = Evaluation::from_json("old.json", json).unwrap_err().to_string();
        assert!(error.contains("old.json") && error.contains(says), "{error}");
    }
    check("no JSON", "expected vqct-evaluation version 1");
    check(r#"{"format":"vqct-evaluation","version":2}"#, "got vqct-evaluation version 2");
    check(r#"{"format":"vqct-evaluation","version":1}"#, "missing field");
}
