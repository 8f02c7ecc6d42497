//! The experiments of the papers, each trained for two steps with small images and networks.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use vq_experiment::{AdversarialConfig, Experiment, ExperimentFile, QuantizerConfig, SourceConfig};
use vq_run::RunDir;
use vq_train::{TokenizerPlan, TokenizerRun};

use crate::support::StopAfter;

const SETS: [&str; 4] = ["ade20k", "celeba-hq", "coco", "cub"];
const METHODS: [&str; 3] = ["cvq", "vqct", "vqgan"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/papers")
}

fn load(name: &str, overrides: &[String]) -> Experiment {
    let path = folder().join(format!("{name}.toml"));
    ExperimentFile { path, overrides: overrides.to_vec() }.load().unwrap_or_else(|error| panic!("{error}")).experiment
}

/// Images of several sizes, in a folder of folders.
fn images() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (part, count) in [("train", 3_u8), ("validation", 2)] {
        for number in 0..count {
            let class = folder.path().join(part).join(format!("class {number}"));
            std::fs::create_dir_all(&class).unwrap();
            let picture =
                RgbImage::from_fn(40 + u32::from(number), 36, |x, y| Rgb([x as u8 * 6, y as u8 * 7, number * 80]));
            picture.save(class.join("picture.jpg")).unwrap();
        }
    }
    folder
}

/// The experiment of a paper, with all that makes a run long replaced by small values.
fn small(name: &str, images: &Path) -> Experiment {
    let folder = |part: &str| toml::Value::String(images.join(part).display().to_string());
    let mut overrides = vec![
        format!("data.source.train={}", folder("train")),
        format!("data.source.validation.path={}", folder("validation")),
        "data.transform.size=32".into(),
        "data.batch_size=2".into(),
        "device=cpu".into(),
        "autoencoder.channels=32".into(),
        "autoencoder.multipliers=[1, 1, 1, 1, 1]".into(),
        "autoencoder.residual_blocks=1".into(),
        "train.steps=2".into(),
        // The weights of LPIPS are not part of the repository.
        "loss.perceptual.weight=0".into(),
        "adversarial.start=1".into(),
        "adversarial.discriminator={ kind = \"patch\", filters = 8 }".into(),
    ];
    if name.ends_with("vqct") {
        overrides.extend(["quantizer.prior.max_adjectives=20".into(), "quantizer.prior.max_nouns=30".into()]);
    }
    load(name, &overrides)
}

fn names() -> Vec<String> {
    SETS.iter().flat_map(|set| METHODS.map(|method| format!("{set}-{method}"))).collect()
}

#[test]
fn folder_holds_exactly_these_experiments() {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<String> = entries
        .filter(|path| path.is_file())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort_unstable();
    assert_eq!(found, names());
}

#[test]
fn experiments_have_the_published_hyperparameters() {
    for name in names() {
        let Experiment {
            data, autoencoder, quantizer, loss, adversarial, optimizer, schedule, train, name: own, ..
        } = load(&name, &[]);
        assert_eq!(own, name);
        assert_eq!(autoencoder, vq_model::AutoencoderConfig::default(), "{name}");
        assert_eq!((data.transform.size, data.batch_size), (256, 16), "{name}");
        assert_eq!((optimizer.beta1, optimizer.beta2), (0.5, 0.9), "{name}");
        assert_eq!((loss.l1, loss.l2, loss.perceptual.unwrap().weight), (1.0, 0.0, 1.0), "{name}");
        assert_eq!(adversarial, Some(AdversarialConfig::default()), "{name}: VQGAN's, from batch 5,000 on");
        assert_eq!(schedule.rate(1, train.steps), 4.5e-6 * 16.0, "{name}");
        assert_eq!(schedule.rate(train.steps, train.steps), 4.5e-6 * 16.0, "{name}");
        let SourceConfig::Folder(source) = data.source else { panic!("{name}: another source") };
        assert!(source.train.starts_with("data") && source.train.ends_with("train"), "{name}");
        let matching = match quantizer {
            QuantizerConfig::Vqct { codebook_dim: 256, top_k: 2, transfer, prior, matching, .. }
                if name.ends_with("vqct") =>
            {
                assert_eq!((transfer.hidden, transfer.dropout), (256, 0.5), "{name}");
                assert_eq!((prior.max_adjectives, prior.max_nouns), (None, None), "{name}");
                assert_eq!(prior.load().unwrap().words().len(), 5270, "{name}");
                matching
            }
            QuantizerConfig::Cvq { codebook_size: 1024, codebook_dim: 256, matching, .. } if name.ends_with("cvq") => {
                matching
            }
            QuantizerConfig::Vq { codebook_size: 1024, codebook_dim: 256, matching } if name.ends_with("vqgan") => {
                matching
            }
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(matching.commitment.beta, 0.25, "{name}");
    }
}

/// Trains two steps; returns the tensors of the checkpoint.
fn train(experiment: Experiment, folder: &Path) -> Vec<(String, Tensor)> {
    let mut run = TokenizerRun::begin(TokenizerPlan::new(experiment).unwrap(), || RunDir::exact(folder)).unwrap();
    assert_eq!(run.task().plan.image_counts(), [3, 2]);
    let outcome = run.train(&mut StopAfter(u64::MAX)).unwrap();
    assert_eq!(outcome.step, 2);
    assert!(outcome.validation.unwrap().image_metric("psnr").is_finite());
    Tensor::read_safetensors(folder.join("checkpoint.safetensors")).unwrap()
}

fn check(set: &str) {
    let images = images();
    for method in METHODS {
        let name = format!("{set}-{method}");
        let tensors = train(small(&name, images.path()), &images.path().join("runs").join(method));
        let used = tensors.iter().find(|(key, _)| key.ends_with("codebook.usage"));
        assert_eq!(used.is_some(), method == "cvq", "{name}");
        if let Some((_, usage)) = used {
            // After two steps of decay 0.99, whose shares sum to one: 1 - 0.99^2.
            let sum = usage.to_device(Device::Cpu).sum(Kind::Double).double_value(&[]);
            assert!((sum - 0.0199).abs() < 1e-6, "{name}: the codebook saw {sum}");
        }
    }
}

#[test]
fn ade20k_experiments_run() {
    check("ade20k");
}

#[test]
fn celeba_hq_experiments_run() {
    check("celeba-hq");
}

#[test]
fn coco_experiments_run() {
    check("coco");
}

#[test]
fn cub_experiments_run() {
    check("cub");
}
