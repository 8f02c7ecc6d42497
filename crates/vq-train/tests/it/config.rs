use tempfile::TempDir;
use vq_core::BetaPlacement;
use vq_generate::GeneratorConfig;
use vq_train::{ExperimentFile, GeneratorExperiment, Plan, QuantizerConfig, Shown, SourceConfig, StudyConfig};

use crate::support::{TINY, tiny, write};

fn refused(text: &str, overrides: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "odd.toml", text);
    let overrides = overrides.iter().map(|text| (*text).to_owned()).collect();
    let error = ExperimentFile { path: path.clone(), overrides }.load().unwrap_err().to_string();
    assert!(error.contains(&path.display().to_string()) || error.contains("--set"), "names no file: {error}");
    error
}

#[test]
fn every_config_of_the_repository_is_understood() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue; // `priors`, which are no experiments
        }
        let experiment = ExperimentFile { path: path.clone(), overrides: Vec::new() }.load();
        experiment.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        seen += 1;
    }
    assert!(seen >= 3);
}

/// The four methods on the same data differ in the codebook and in captions, and in nothing else.
#[test]
fn the_methods_of_a_folder_differ_in_what_they_must() {
    let configs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    for folder in ["scenes", "scenes64", "cifar10"].map(|name| configs.join(name)) {
        let load = |name: &str| ExperimentFile { path: folder.join(name), overrides: Vec::new() }.load().unwrap();
        let plain = load("vq.toml");
        for name in ["vqct.toml", "vqct-lg.toml", "vqct-vlt.toml"] {
            let other = load(name);
            let QuantizerConfig::Vqct { .. } = other.quantizer else { panic!("{name}: another quantizer") };
            let quantizer = plain.quantizer.clone();
            let same = vq_train::Experiment { name: plain.name.clone(), quantizer, captions: None, ..other };
            assert_eq!(same, plain, "{}: {name}", folder.display());
        }
    }
}

/// A reader's experiment is one only with the run that it is for.
#[test]
fn a_reader_is_for_a_run() {
    let configs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    for file in ["scenes/translator.toml", "cifar10/reader.toml"] {
        let path = configs.join(file);
        let error = ExperimentFile { path, overrides: Vec::new() }.load().unwrap_err().to_string();
        assert!(error.contains("missing field"), "{file}: {error}");
    }
}

/// The methods of a comparison differ in the quantizer and in captions, and in nothing else.
#[test]
fn comparisons_compare_quantizers() {
    let studies = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/comparison");
    for (name, methods) in [("scenes", 18), ("cifar10", 18), ("growing", 21), ("imagenet128", 4)] {
        let study = StudyConfig::read(&studies.join(format!("{name}.toml"))).unwrap();
        let plain = study.experiment(&study.methods[0]).load().unwrap();
        let mut quantizers = Vec::new();
        for method in &study.methods {
            let other = study.experiment(method).load().unwrap();
            quantizers.push((other.quantizer.clone(), other.captions.is_some(), method.name.contains("lg")));
            let (name, quantizer) = (plain.name.clone(), plain.quantizer.clone());
            assert_eq!(vq_train::Experiment { name, quantizer, captions: None, ..other }, plain, "{}", method.name);
        }
        assert_eq!(quantizers.len(), methods, "{name}");
        let twice = quantizers.iter().enumerate().find(|(place, one)| quantizers[..*place].contains(one));
        assert!(twice.is_none(), "{name}: {twice:?}");
    }
}

/// Generators of different conditions and orders are otherwise alike; what they learn from is given on the command line.
#[test]
fn the_experiments_on_generation_differ_in_what_they_must() {
    let configs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let file = |name: &str| ExperimentFile { path: configs.join(name), overrides: Vec::new() };
    let load = |name: &str| file(&format!("generation/{name}.toml")).load_generator().unwrap();
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
    let data = file("generation/one-object.toml").load().unwrap().data;
    assert!(
        matches!(data.source, SourceConfig::Scenes(scenes) if scenes.objects == (1..=1) && scenes.nouns.len() == 8)
    );
    for name in ["vq", "vqct-vlt", "maps"] {
        let experiment = file(&format!("scenes64/{name}.toml")).load().unwrap();
        assert_eq!(experiment.data.transform.size, 64, "{name}");
        assert_eq!(experiment.data.show == Shown::Segmentations, name == "maps");
    }
}

#[test]
fn the_experiment_on_cifar_is_one() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/cifar10/vqct-vlt.toml");
    let experiment = ExperimentFile { path, overrides: Vec::new() }.load().unwrap();
    let SourceConfig::Folder(folder) = experiment.data.source else { panic!("another source") };
    assert_eq!(folder.caption.unwrap().caption("frog"), "a photo of a frog");
}

#[test]
fn overrides_are_toml_values_or_bare_words() {
    let experiment = tiny(&["train.steps=9", "schedule.learning_rate=3e-4", "name=other", "device=\"auto\""]);
    assert_eq!((experiment.train.steps, experiment.name.as_str()), (9, "other"));
    assert_eq!(experiment.schedule.learning_rate, 3e-4);
}

#[test]
fn another_kind_replaces_its_table() {
    let experiment = tiny(&["quantizer.kind=nearest", "quantizer.codes=7", "quantizer.width=3"]);
    let error = tiny_error(&["quantizer.kind=nearest"]);
    assert!(error.contains("missing field `codes`"), "{error}");
    assert!(matches!(experiment.quantizer, QuantizerConfig::Nearest { codes: 7, width: 3, .. }));
}

fn tiny_error(overrides: &[&str]) -> String {
    refused(TINY, overrides)
}

#[test]
fn a_base_lies_below() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "below.toml", TINY);
    let above = "base = \"below.toml\"\nname = \"above\"\n[quantizer.matching.commitment]\nplacement = \"legacy\"\n";
    let path = write(folder.path(), "above.toml", above);
    let experiment = ExperimentFile { path, overrides: Vec::new() }.load().unwrap();
    assert_eq!((experiment.name.as_str(), experiment.train.steps), ("above", 6));
    let QuantizerConfig::Vqct { matching, .. } = experiment.quantizer else { panic!("another quantizer") };
    assert_eq!((matching.commitment.placement, matching.commitment.beta), (BetaPlacement::Legacy, 0.25));

    let path = write(folder.path(), "circle.toml", "base = \"circle.toml\"");
    let error = ExperimentFile { path, overrides: Vec::new() }.load().unwrap_err().to_string();
    assert!(error.contains("circle.toml") && error.contains("`base`"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let path = "no/such/config.toml";
    let error = ExperimentFile { path: path.into(), overrides: Vec::new() }.load().unwrap_err().to_string();
    assert!(error.starts_with("read config no/such/config.toml: No such file"), "{error}");
}

#[test]
fn an_unknown_key_names_itself_and_the_nearest() {
    let error = refused(&TINY.replace("warmup", "warm_up"), &[]);
    assert!(error.contains("`schedule.warm_up`: unknown field `warm_up`"), "{error}");
    assert!(error.ends_with("did you mean `warmup`?"), "{error}");
    let error = tiny_error(&["train.stepps=3"]);
    assert!(error.contains("--set train.stepps=3") && error.ends_with("did you mean `steps`?"), "{error}");
    let error = tiny_error(&["quantizer.adjective=3"]);
    assert!(error.contains("`quantizer") && error.ends_with("did you mean `adjectives`?"), "{error}");
}

#[test]
fn a_wrong_type_names_the_key() {
    let error = tiny_error(&["train.steps=many"]);
    assert!(error.contains("`train.steps`: invalid type: string \"many\", expected u64"), "{error}");
    let error = tiny_error(&["device=gpu"]);
    assert!(error.contains("`device`") && error.contains("`auto`, `cpu` or `cuda:N`, got `gpu`"), "{error}");
    let error = refused("name = [", &[]);
    assert!(error.contains("odd.toml") && error.contains("line 1"), "{error}");
    assert!(tiny_error(&["train.steps"]).contains("expected `dotted.key=value`, got no `=`"));
}

#[test]
fn values_that_make_no_sense_name_the_key() {
    let refused = |overrides: &[&str]| match Plan::resolve(tiny(overrides)) {
        Ok(_) => panic!("accepted {overrides:?}"),
        Err(error) => error.to_string(),
    };
    assert_eq!(refused(&["train.steps=0"]), "config `train.steps`: expected at least 1, got 0");
    assert_eq!(refused(&["data.batch_size=0"]), "config `data.batch_size`: expected at least 1, got 0");
    assert!(refused(&["data.transform.size=18"]).contains("a multiple of 4, the autoencoder's factor, got 18"));
    assert!(refused(&["data.transform.size=8"]).contains("at least 11"));
    assert!(refused(&["schedule.learning_rate=-1.0"]).contains("`schedule.learning_rate`"));
    assert!(refused(&["optimizer.beta1=1.0"]).contains("`optimizer.beta1`"));
    assert!(refused(&["loss.l1=-1.0"]).contains("`loss.l1`"));
    assert!(refused(&["name=a/b"]).contains("config `name`"));
    for (key, value) in [
        ("train.accumulate", "0"),
        ("train.keep", "0"),
        ("train.ema", "1.0"),
        ("optimizer.clip", "0.0"),
        ("optimizer.weight_decay", "-1.0"),
        ("guards.max_skips", "0"),
        ("guards.backoff", "0.0"),
    ] {
        let error = refused(&[&format!("{key}={value}")]);
        assert!(error.contains(&format!("config `{key}`")), "{error}");
    }
    assert!(refused(&["guards.usage={least=0.0}"]).contains("`guards.usage.least`"));
    assert!(refused(&["quantizer.prior.nouns=999999"]).contains("999999"));
}

#[test]
fn a_prior_of_another_width_is_refused() {
    let error = match Plan::resolve(tiny(&["quantizer.prior.width=512"])) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    };
    assert_eq!(
        error,
        "config `quantizer.prior.width`: expected the width of the embeddings of the embedded prior, 384, got 512"
    );
}
