//! The experiments of the repository.

use vq_experiment::{Experiment, GeneratorExperiment, ImageView, QuantizerConfig, SourceConfig};
use vq_generate::GeneratorConfig;

use crate::support::{configs, file};

#[test]
fn every_config_of_the_repository_is_read() {
    let mut seen = 0;
    for entry in std::fs::read_dir(configs()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue; // `priors`, which are not experiments
        }
        let experiment = file(path.clone(), &[]).load();
        let loaded = experiment.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(loaded.notes, [""; 0], "{}: old keys", path.display());
        seen += 1;
    }
    assert!(seen >= 3);
}

/// The four methods on the same data differ in the codebook and in captions, and in nothing else.
#[test]
fn methods_of_a_folder_differ_only_in_quantizer_and_captions() {
    for folder in ["scenes", "scenes64", "cifar10"].map(|name| configs().join(name)) {
        let load = |name: &str| {
            let loaded = file(folder.join(name), &[]).load().unwrap();
            assert_eq!(loaded.notes, [""; 0], "{}: {name}: old keys", folder.display());
            loaded.experiment
        };
        let plain = load("vq.toml");
        for name in ["vqct.toml", "vqct-lg.toml", "vqct-vlt.toml"] {
            let other = load(name);
            let QuantizerConfig::Vqct { .. } = other.quantizer else { panic!("{name}: another quantizer") };
            let quantizer = plain.quantizer.clone();
            let same = Experiment { name: plain.name.clone(), quantizer, captions: None, ..other };
            assert_eq!(same, plain, "{}: {name}", folder.display());
        }
    }
}

/// The experiment of a caption decoder is complete only with the run whose codes it captions.
#[test]
fn caption_decoder_needs_a_run() {
    for name in ["scenes/caption-decoder.toml", "cifar10/caption-decoder.toml"] {
        let error = file(configs().join(name), &[]).load().unwrap_err().to_string();
        assert!(error.contains("missing field"), "{name}: {error}");
    }
}

/// Generators of different conditions and orders are otherwise alike; their tokenizers are given on the command line.
#[test]
fn generation_experiments_differ_only_in_condition_and_order() {
    let config = |name: &str| file(configs().join(name), &[]);
    let load = |name: &str| {
        let loaded = config(&format!("generation/{name}.toml")).load_generator().unwrap();
        assert_eq!(loaded.notes, [""; 0], "{name}: old keys");
        loaded.experiment
    };
    let text = load("text");
    text.check().unwrap();
    for name in ["class", "segmentation", "masked"] {
        let other = load(name);
        other.check().unwrap();
        let GeneratorConfig { order, .. } = text.generator;
        let generator = GeneratorConfig { order, ..other.generator.clone() };
        let (name, condition) = (text.name.clone(), text.condition.clone());
        assert_eq!(GeneratorExperiment { name, condition, generator, ..other }, text);
    }
    let data = config("generation/one-object.toml").load().unwrap().experiment.data;
    assert!(
        matches!(data.source, SourceConfig::Scenes(scenes) if scenes.objects == (1..=1) && scenes.nouns.len() == 8)
    );
    for name in ["vq", "vqct-vlt", "maps"] {
        let experiment = config(&format!("scenes64/{name}.toml")).load().unwrap().experiment;
        assert_eq!(experiment.data.transform.size, 64, "{name}");
        assert_eq!(experiment.data.show == ImageView::Segmentations, name == "maps");
    }
}

#[test]
fn scene_classifier_experiments_are_valid() {
    for name in ["scenes/scene-classifier.toml", "scenes64/scene-classifier.toml"] {
        let loaded = file(configs().join(name), &[]).load_scene_classifier().unwrap();
        assert_eq!(loaded.notes, [""; 0], "{name}: old keys");
        loaded.experiment.check().unwrap();
    }
}

#[test]
fn cifar10_captions_are_made_of_class_names() {
    let experiment = file(configs().join("cifar10/vqct-vlt.toml"), &[]).load().unwrap().experiment;
    let SourceConfig::Folder(folder) = experiment.data.source else { panic!("another source") };
    assert_eq!(folder.caption.unwrap().caption("frog"), "a photo of a frog");
}
