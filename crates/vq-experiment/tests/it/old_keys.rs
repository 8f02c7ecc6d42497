//! Experiments with the keys of earlier versions equal those with the present keys.

use tempfile::TempDir;
use vq_experiment::{Experiment, QuantizerConfig, checkpoint_experiment, load_config, modernize_json};
use vq_file::{Dtype, TensorData, TensorFile, encode_tensors};

use crate::support::{TINY, file, load, tiny, write};

/// The keys of an experiment that were not renamed.
const WHOLE: &str = r#"
name = "whole"
data.batch_size = 2
data.source = { kind = "emoji" }
data.transform = { size = 16, background = "random", flip = "random" }
autoencoder.channels = 32
autoencoder.multipliers = [1, 1, 1]
autoencoder.residual_blocks = 1
autoencoder.attention_factors = []
autoencoder.latent_channels = 8
"#;

const OLD: &str = r#"
[quantizer]
kind = "vqct"
prior = { source = "embedded", adjectives = 20, nouns = 30, width = 384 }
transfer = { hidden = 8, vectors = { kind = "random", seed = 7 } }
width = 4
adjectives = 3
codes = "undivided"

[captions]
language = { extent = "whole" }
global = { weight = 0.1 }
masked = { least = 0.2, most = 0.4 }
relation = { weight = 0.2 }
words = { weight = 0.3 }

[adversarial]
learning_rate_share = 0.5

[schedule]
learning_rate = 1e-3
final_share = 0.25

[train]
steps = 6
ema = 0.99
keep = 2

[guards.usage]
least = 0.125
"#;

const NEW: &str = r#"
[quantizer]
kind = "vqct"
prior = { source = "embedded", max_adjectives = 20, max_nouns = 30, embedding_dim = 384 }
transfer = { hidden = 8, features = { kind = "random", seed = 7 } }
codebook_dim = 4
top_k = 3
word_groups = "single"

[captions]
language = { vocabulary = "full" }
global_alignment = { weight = 0.1 }
masked_text = { min_share = 0.2, max_share = 0.4 }
relation_alignment = { weight = 0.2 }
word_supervision = { weight = 0.3 }

[adversarial]
learning_rate_factor = 0.5

[schedule]
learning_rate = 1e-3
final_factor = 0.25

[train]
steps = 6
ema_decay = 0.99
keep_checkpoints = 2

[guards.usage]
min_share = 0.125
"#;

/// The notes on [`OLD`].
const NOTES: [&str; 21] = [
    "`quantizer.width` is now `quantizer.codebook_dim`",
    "`quantizer.transfer.vectors` is now `quantizer.transfer.features`",
    "`quantizer.prior.adjectives` is now `quantizer.prior.max_adjectives`",
    "`quantizer.prior.nouns` is now `quantizer.prior.max_nouns`",
    "`quantizer.prior.width` is now `quantizer.prior.embedding_dim`",
    "`captions.global` is now `captions.global_alignment`",
    "`captions.masked` is now `captions.masked_text`",
    "`captions.relation` is now `captions.relation_alignment`",
    "`captions.words` is now `captions.word_supervision`",
    "`captions.masked_text.least` is now `captions.masked_text.min_share`",
    "`captions.masked_text.most` is now `captions.masked_text.max_share`",
    "`captions.language.extent` is now `captions.language.vocabulary`",
    "`train.ema` is now `train.ema_decay`",
    "`train.keep` is now `train.keep_checkpoints`",
    "`guards.usage.least` is now `guards.usage.min_share`",
    "`adversarial.learning_rate_share` is now `adversarial.learning_rate_factor`",
    "`schedule.final_share` is now `schedule.final_factor`",
    "`quantizer.codes` is now `quantizer.word_groups`",
    "`quantizer.adjectives` is now `quantizer.top_k`",
    "`quantizer.word_groups = \"undivided\"` is now `\"single\"`",
    "`captions.language.vocabulary = \"whole\"` is now `\"full\"`",
];

fn whole(keys: &str) -> String {
    format!("{WHOLE}{keys}")
}

/// The header of a checkpoint with this experiment.
fn checkpoint(experiment: &serde_json::Value) -> TensorFile {
    let header = serde_json::json!({ "step": 6, "experiment": experiment }).to_string();
    let bytes = TensorData::new(Dtype::U8, vec![1], vec![0]);
    let encoded = encode_tensors("checkpoint", [("x", bytes)], [("header", header)]).unwrap();
    TensorFile::from_bytes("checkpoint", "old.safetensors", encoded).unwrap()
}

#[test]
fn old_experiment_file_equals_the_new_one() {
    let old = load(&whole(OLD), &[]).unwrap();
    let new = load(&whole(NEW), &[]).unwrap();
    assert_eq!(old.notes, NOTES);
    assert_eq!(new.notes, [""; 0]);
    assert_eq!(old.experiment, new.experiment);
}

#[test]
fn old_checkpoint_header_equals_the_new_one() {
    // In JSON, options that are off are null.
    let mut old = serde_json::to_value(whole(OLD).parse::<toml::Table>().unwrap()).unwrap();
    old["captions"]["relation"] = serde_json::Value::Null;
    old["train"]["ema"] = serde_json::Value::Null;
    old["quantizer"]["prior"]["width"] = serde_json::Value::Null;
    let read: Experiment = serde_json::from_value(checkpoint_experiment(&checkpoint(&old)).unwrap()).unwrap();

    let mut new = load(&whole(NEW), &[]).unwrap().experiment;
    new.captions.as_mut().unwrap().relation_alignment = None;
    new.train.ema_decay = None;
    let QuantizerConfig::Vqct { prior, .. } = &mut new.quantizer else { panic!("another quantizer") };
    prior.embedding_dim = None;
    assert_eq!(read, new);
    let current = serde_json::to_value(&new).unwrap();
    assert_eq!(checkpoint_experiment(&checkpoint(&current)).unwrap(), current);
    assert_eq!(modernize_json(&mut old, "old.safetensors").unwrap().len(), NOTES.len() - 3);
}

/// The keys of the quantizers whose options have other names, old and new.
#[test]
fn old_quantizers_equal_the_new_ones() {
    for (old, new) in [
        (
            r#"{ kind = "grouped", adjectives = 3, nouns = 4, width = 8, nearest = 1 }"#,
            r#"{ kind = "grouped", codebook_sizes = [3, 4], codebook_dim = 8, top_k = 1 }"#,
        ),
        (r#"{ kind = "nearest", codes = 5, width = 8 }"#, r#"{ kind = "vq", codebook_size = 5, codebook_dim = 8 }"#),
        (
            r#"{ kind = "cvq", codes = 5, width = 8, moves = { decay = 0.9 } }"#,
            r#"{ kind = "cvq", codebook_size = 5, codebook_dim = 8, cvq = { decay = 0.9 } }"#,
        ),
        (
            r#"{ kind = "ema", codes = 5, width = 8, averages = { decay = 0.9 } }"#,
            r#"{ kind = "ema", codebook_size = 5, codebook_dim = 8, ema = { decay = 0.9 } }"#,
        ),
        (
            r#"{ kind = "simvq", codes = 5, width = 8, layer = { bias = true } }"#,
            r#"{ kind = "simvq", codebook_size = 5, codebook_dim = 8, simvq = { bias = true } }"#,
        ),
        (
            r#"{ kind = "ibq", codes = 5, width = 8, options = { temperature = 0.5 } }"#,
            r#"{ kind = "ibq", codebook_size = 5, codebook_dim = 8, ibq = { temperature = 0.5 } }"#,
        ),
        (r#"{ kind = "lfq", options = { bits = 12 } }"#, r#"{ kind = "lfq", lfq = { bits = 12 } }"#),
        (
            r#"{ kind = "vqgan-lc", prior = { source = "embedded", nouns = 4 }, width = 8 }"#,
            r#"{ kind = "vqgan-lc", prior = { source = "embedded", max_nouns = 4 }, codebook_dim = 8 }"#,
        ),
    ] {
        let experiment = |quantizer: &str| {
            let common = "[schedule]\nlearning_rate = 1e-3\n[train]\nsteps = 6\n";
            load(&whole(&format!("quantizer = {quantizer}\n{common}")), &[]).unwrap()
        };
        let (old, new) = (experiment(old), experiment(new));
        assert!(!old.notes.is_empty() && new.notes.is_empty(), "{:?} {:?}", old.notes, new.notes);
        assert_eq!(old.experiment, new.experiment);
    }
}

#[test]
fn old_override_equals_the_new_one() {
    let old = load(TINY, &["quantizer.adjectives=1", "train.ema=0.9", "quantizer.codes=adjectives"]).unwrap();
    assert_eq!(old.notes.len(), 4, "{:?}", old.notes);
    let new = ["quantizer.top_k=1", "train.ema_decay=0.9", "quantizer.word_groups=adjectives-only"];
    assert_eq!(old.experiment, tiny(&new));
    let grouped = ["quantizer.kind=grouped", "quantizer.codebook_sizes=[3, 4]", "quantizer.codebook_dim=8"];
    let error = load(TINY, &[&grouped[..], &["quantizer.adjectives=5"]].concat()).unwrap_err().to_string();
    let expected =
        "--set quantizer.adjectives=5: `quantizer.adjectives`: expected the new name `quantizer.codebook_sizes";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn key_under_both_names_is_refused() {
    let error = load(&TINY.replace("steps = 6", "steps = 6\nema = 0.5\nema_decay = 0.9"), &[]).unwrap_err().to_string();
    assert!(error.ends_with("`train.ema_decay`: expected the key once, got it under its old name too"), "{error}");
}

#[test]
fn old_scene_classifier_equals_the_new_one() {
    let folder = TempDir::new().unwrap();
    let load = |keys: &str| {
        let common = r#"
            data.batch_size = 2
            data.source = { kind = "scenes", objects = { start = 1, end = 2 } }
            data.transform = { size = 32, background = { color = [255, 255, 255] }, flip = "never" }
        "#;
        let path = write(folder.path(), "classifier.toml", &format!("name = \"classifier\"\n{keys}{common}"));
        file(path, &[]).load_scene_classifier().unwrap()
    };
    let old = load("steps = 30\nlog_every = 5\nschedule = { learning_rate = 1e-3, final_share = 0.5 }");
    let new = load("train = { steps = 30, log_every = 5 }\nschedule = { learning_rate = 1e-3, final_factor = 0.5 }");
    assert_eq!(old.notes.len(), 3, "{:?}", old.notes);
    assert_eq!(old.experiment, new.experiment);
    old.experiment.check().unwrap();
}

#[test]
fn old_study_equals_the_new_one() {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "study.toml", "seeds = [0]\nreader = \"a.toml\"\ndistances = { judge = \"b\" }");
    let loaded = load_config::<toml::Table>(&path, &[]).unwrap();
    let new = "seeds = [0]\ncaption_decoder = \"a.toml\"\ndistances = { scene_classifier = \"b\" }";
    assert_eq!(loaded.experiment, new.parse().unwrap());
    assert_eq!(loaded.notes.len(), 2, "{:?}", loaded.notes);
}
