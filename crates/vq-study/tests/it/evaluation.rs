//! Evaluation of tokenizers: figures, and what decides them.

use std::path::Path;

use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use vq_eval::SlicedConfig;
use vq_experiment::{DataConfig, Weights};
use vq_model::{InceptionConfig, InceptionScale};
use vq_pipeline::{Checkpoint, RngGuard, TokenizerState};
use vq_study::{DistancesConfig, Evaluated, Evaluation, EvaluationDiff, EvaluationRequest, ShownImages};
use vq_train::TokenizerValidation;

use crate::support::{tiny, train};

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
    ["captions.translator={ width = 16, heads = 2, layers = 1, max_tokens = 12 }", "captions.global_alignment={}"];

/// The plain quantizer, whose codes are not words.
const PLAIN: &str = "quantizer={ kind = \"vq\", codebook_size = 24, codebook_dim = 4 }";

fn trained(run: &Path, more: &[&str]) -> (Checkpoint, TokenizerValidation) {
    let (checkpoint, validation) = train(tiny(&[&SCENES, more].concat()), run);
    (checkpoint, validation.unwrap())
}

fn evaluate(checkpoint: &Checkpoint, data: Option<DataConfig>) -> Evaluated {
    let shown = Some(ShownImages { count: 3, seed: 1 });
    EvaluationRequest {
        weights: Weights::Raw,
        device: Device::Cpu,
        data,
        synonyms: None,
        distances: DistancesConfig::default(),
        shown,
    }
    .run(checkpoint)
    .unwrap()
}

#[test]
fn evaluation_equals_the_last_validation_and_repeats() {
    let folder = TempDir::new().unwrap();
    let (checkpoint, validation) = trained(&folder.path().join("run"), &CAPTIONS);
    let Evaluated { evaluation, captions, shown, .. } = evaluate(&checkpoint, None);
    assert!(evaluation.image_metric("psnr").is_finite() && evaluation.image_metric("ssim").is_finite());
    assert_eq!(evaluation.images, validation.figures.images);
    assert_eq!(evaluation.codebook, validation.figures.groups);
    assert_eq!(evaluation.usage(), validation.figures.usage());
    assert_eq!(evaluation.conditions.data.images, 9);
    assert_eq!(captions.len(), 9);
    let language = evaluation.language.as_ref().unwrap();
    let seen = validation.captions.unwrap();
    let translation = language.translation.as_ref().unwrap();
    let difference = translation.likelihood.negative_log_likelihood - seen.negative_log_likelihood;
    assert!(difference.abs() < 1e-5, "{difference}");
    assert_eq!(translation.scores.captions, 9);
    assert!(language.retrieval.is_some() && translation.scenes.is_some());
    // The tiny prior has few of the words of scenes: each is either measured or missing.
    let words: u64 = evaluation.words.iter().map(|group| group.missing).sum::<u64>()
        + evaluation
            .words
            .iter()
            .filter_map(|group| group.pointing)
            .map(|scores| scores.words + scores.unseen)
            .sum::<u64>();
    assert!(words >= 9, "each scene has a noun, got {words} words");

    assert_eq!(shown.len(), 3);
    for image in &shown {
        assert_eq!(image.original.dimensions(), (32, 32));
        assert_eq!(image.caption.as_ref(), captions.iter().find(|caption| caption.image == image.image));
        assert_ne!(image.original, image.reconstruction);
    }
    let again = evaluate(&checkpoint, None);
    assert!(again.shown.iter().zip(&shown).all(|(again, first)| again.image == first.image));
    assert_eq!(again.evaluation, evaluation);
    assert_eq!(again.captions, captions);
    let json = serde_json::to_string(&evaluation).unwrap();
    assert_eq!(Evaluation::from_json("copy", &json).unwrap(), evaluation);
}

#[test]
fn other_images_have_another_hash_and_codes_without_words_have_no_word_figures() {
    let folder = TempDir::new().unwrap();
    let (checkpoint, _) = trained(&folder.path().join("run"), &[PLAIN]);
    let evaluation = evaluate(&checkpoint, None).evaluation;
    assert!(evaluation.words.is_empty() && evaluation.language.is_none());
    let hash = |data: DataConfig| evaluate(&checkpoint, Some(data)).evaluation.conditions.data.sha256;
    let data = |more: &str| tiny(&[&SCENES[..], &[more]].concat()).data;
    let own = evaluation.conditions.data.sha256;
    assert_eq!(hash(data("data.batch_size=4")), own, "the batch size does not change the hash");
    assert_ne!(hash(data("data.source.seed=1")), own);
    assert_ne!(hash(data("data.source.validation=8")), own);
}

/// Random weights of a network with these tensors, in a file.
fn weights(path: &Path, tensors: impl Iterator<Item = (String, Vec<i64>)>) {
    let _guard = RngGuard::seeded(1);
    let draw = |(name, shape): (String, Vec<i64>)| {
        let inputs = shape[1..].iter().product::<i64>().max(1) as f64;
        let positive = name.starts_with("lin") || name.ends_with("running_var");
        let drawn = Tensor::randn(&shape, (Kind::Float, Device::Cpu)) * (2.0 / inputs).sqrt();
        (name, if positive { drawn.abs() + 0.1 } else { drawn })
    };
    let tensors: Vec<(String, Tensor)> = tensors.map(draw).collect();
    Tensor::write_safetensors(&tensors, path).unwrap();
}

/// Every distance, by networks of random weights, on few images: the figures report that, with the hash of each file.
#[test]
fn requested_distances_are_measured() {
    let folder = TempDir::new().unwrap();
    let (checkpoint, _) = trained(&folder.path().join("run"), &["train.steps=1", "data.source.validation=12"]);
    let [inception, lpips] = ["inception", "lpips"].map(|name| folder.path().join(format!("{name}.safetensors")));
    let listed = include_str!("../../../vq-model/tests/data/inception.txt").lines().map(|line| {
        let (name, shape) = line.split_once(' ').unwrap();
        (name.to_owned(), shape.split(' ').map(|side| side.parse().unwrap()).collect())
    });
    weights(&inception, listed);
    let layers = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28];
    let widths = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512];
    let convolutions = layers.iter().zip(widths.windows(2)).flat_map(|(layer, widths)| {
        let name = |part: &str| format!("features.{layer}.{part}");
        [(name("weight"), vec![widths[1], widths[0], 3, 3]), (name("bias"), vec![widths[1]])]
    });
    let linear = [64, 128, 256, 512, 512].into_iter().enumerate();
    let linear = linear.map(|(layer, width)| (format!("lin{layer}.weight"), vec![1, width, 1, 1]));
    weights(&lpips, convolutions.chain(linear));
    let evaluate = |distances: DistancesConfig| {
        let (weights, device) = (Weights::Raw, Device::Cpu);
        EvaluationRequest { weights, device, data: None, synonyms: None, distances, shown: None }.run(&checkpoint)
    };
    let config = |file: &Path, sha256: Option<&str>| {
        let (file, sha256) = (file.to_path_buf(), sha256.map(str::to_owned));
        Some(InceptionConfig { file, sha256, scale: InceptionScale::default() })
    };
    let all = DistancesConfig {
        sliced: Some(SlicedConfig::default()),
        lpips: vec![lpips.clone()],
        inception: config(&inception, None),
        ..DistancesConfig::default()
    };
    let evaluation = evaluate(all.clone()).unwrap().evaluation;
    let figures = evaluation.distances.as_ref().unwrap();
    assert_eq!(figures.sliced.as_ref().unwrap().levels.len(), 2, "32 and 16");
    assert!(figures.lpips.unwrap() > 0.0);
    let networks = figures.inception.unwrap();
    assert!(networks.frechet.distance > 0.0 && networks.frechet.rank_deficient, "twelve images, 2048 features");
    assert!(networks.kernel.distance.is_finite() && networks.score.mean >= 1.0);
    assert_eq!(networks.precision_recall.images, 12);
    assert_eq!(figures.weights.keys().collect::<Vec<_>>(), ["inception.safetensors", "lpips.safetensors"]);
    assert!(evaluate(DistancesConfig::default()).unwrap().evaluation.distances.is_none());

    let hash = &figures.weights["inception.safetensors"];
    let check = |distances: DistancesConfig, parts: &[&str]| {
        let error = evaluate(distances).unwrap_err().to_string();
        parts.iter().for_each(|part| assert!(error.contains(part), "{part:?} is missing in: {error}"));
    };
    let wrong = "0".repeat(64);
    check(
        DistancesConfig { inception: config(&inception, Some(&wrong)), ..Default::default() },
        &["inception.safetensors", &wrong, hash],
    );
    // Of one image no covariance can be made.
    let data = tiny(&[&SCENES[..], &["data.source.validation=1"]].concat()).data;
    let distances = DistancesConfig { lpips: Vec::new(), ..all.clone() };
    let (weights, device) = (Weights::Raw, Device::Cpu);
    let request = EvaluationRequest { weights, device, data: Some(data), synonyms: None, distances, shown: None };
    let error = request.run(&checkpoint).unwrap_err().to_string();
    assert!(error.contains("expected") && error.contains("got 1"), "{error}");
    let nowhere = folder.path().join("nowhere.safetensors");
    check(DistancesConfig { lpips: vec![nowhere.clone()], ..Default::default() }, &["read weights", "nowhere"]);
    check(DistancesConfig { inception: config(&lpips, None), ..Default::default() }, &["Inception", "Conv2d_1a_3x3"]);
    check(
        DistancesConfig { scene_classifier: Some(lpips.clone()), ..Default::default() },
        &["`vqct-scene-classifier`", "lpips.safetensors"],
    );
}

#[test]
fn unequal_conditions_of_evaluations_are_reported() {
    let folder = TempDir::new().unwrap();
    let run = |name: &str, more: &[&str]| trained(&folder.path().join(name), &[&["train.steps=1"], more].concat()).0;
    let named = |name: &str, checkpoint: &Checkpoint, data: Option<DataConfig>| {
        (name.to_owned(), evaluate(checkpoint, data).evaluation)
    };
    let (one, other) = (run("one", &[]), run("other", &["seed=1", PLAIN]));
    let same = EvaluationDiff::of(&[named("one", &one, None), named("other", &other, None)]).unwrap();
    assert!(same.differences().is_empty(), "{:?}", same.differences());
    let table = same.to_string();
    assert!(table.contains("| figure | one | other |") && table.contains("| images/psnr |"), "{table}");
    assert!(table.contains("codebook/noun/used") && !table.contains("Not comparable"), "{table}");

    // The same images in other batches are the same condition.
    let batches = tiny(&[&SCENES[..], &["data.batch_size=3"]].concat()).data;
    let same = EvaluationDiff::of(&[named("one", &one, None), named("other", &one, Some(batches))]).unwrap();
    assert!(same.differences().is_empty(), "{:?}", same.differences());

    let data = tiny(&[&SCENES[..], &["data.source.seed=5"]].concat()).data;
    let differ = EvaluationDiff::of(&[named("one", &one, None), named("else", &one, Some(data))]).unwrap();
    let conditions: Vec<&str> = differ.differences().iter().map(|found| found.condition.as_str()).collect();
    assert!(conditions.contains(&"conditions/data/sha256"), "{conditions:?}");
    assert!(conditions.contains(&"conditions/data/config/source/seed"), "{conditions:?}");
    assert!(differ.to_string().starts_with("**Not comparable"), "{differ}");
    let error = EvaluationDiff::of(&[named("one", &one, None)]).unwrap_err().to_string();
    assert!(error.contains("at least two") && error.contains("got 1"), "{error}");
}

/// With a weight of 0 the translation module learns nothing: its captions are neither measured nor generated.
#[test]
fn untrained_translation_module_generates_no_captions() {
    let folder = TempDir::new().unwrap();
    let untrained = [&CAPTIONS[..], &["captions.weight=0.0"]].concat();
    let (checkpoint, validation) = trained(&folder.path().join("run"), &untrained);
    assert!(validation.captions.is_none() && validation.generated.is_empty());
    let Evaluated { evaluation, captions, .. } = evaluate(&checkpoint, None);
    let language = evaluation.language.unwrap();
    assert!(language.translation.is_none() && captions.is_empty());
    assert!(language.retrieval.is_some(), "the alignment is trained, and finds captions");
    let state = TokenizerState::load(&checkpoint, Device::Cpu).unwrap();
    let error = state.captions.unwrap().captioner().err().unwrap().to_string();
    assert!(error.contains("`captions.weight`: expected more than 0") && error.ends_with("got 0"), "{error}");
}

#[test]
fn evaluations_of_other_versions_are_refused() {
    #[track_caller]
    fn check(json: &str, part: &str) {
        let error = Evaluation::from_json("old.json", json).unwrap_err().to_string();
        assert!(error.contains("old.json") && error.contains(part), "{error}");
    }
    check("no JSON", "expected vqct-evaluation version 3");
    check(r#"{"format":"vqct-evaluation","version":1}"#, "got vqct-evaluation version 1");
    check(r#"{"format":"vqct-evaluation","version":2}"#, "got vqct-evaluation version 2");
    check(r#"{"format":"vqct-evaluation","version":3}"#, "missing field");
}
