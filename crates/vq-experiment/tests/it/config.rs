//! Reading, merging and checking of experiments.

use tempfile::TempDir;
use vq_core::BetaPlacement;
use vq_experiment::QuantizerConfig;

use crate::support::{TINY, file, tiny, write};

/// The error of a file, which names the file or the override.
fn refused(text: &str, overrides: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "odd.toml", text);
    let error = file(path.clone(), overrides).load().unwrap_err().to_string();
    assert!(error.contains(&path.display().to_string()) || error.contains("--set"), "no file is named: {error}");
    error
}

fn tiny_error(overrides: &[&str]) -> String {
    refused(TINY, overrides)
}

#[test]
fn overrides_are_toml_values_or_bare_words() {
    let experiment = tiny(&["train.steps=9", "schedule.learning_rate=3e-4", "name=other", "device=\"auto\""]);
    assert_eq!((experiment.train.steps, experiment.name.as_str()), (9, "other"));
    assert_eq!(experiment.schedule.learning_rate, 3e-4);
}

#[test]
fn another_kind_replaces_its_table() {
    let experiment = tiny(&["quantizer.kind=vq", "quantizer.codebook_size=7", "quantizer.codebook_dim=3"]);
    let error = tiny_error(&["quantizer.kind=vq"]);
    assert!(error.contains("missing field `codebook_size`"), "{error}");
    assert!(matches!(experiment.quantizer, QuantizerConfig::Vq { codebook_size: 7, codebook_dim: 3, .. }));
}

#[test]
fn keys_override_those_of_the_base() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "below.toml", TINY);
    let above = "base = \"below.toml\"\nname = \"above\"\n[quantizer.matching.commitment]\nplacement = \"legacy\"\n";
    let path = write(folder.path(), "above.toml", above);
    let experiment = file(path, &[]).load().unwrap().experiment;
    assert_eq!((experiment.name.as_str(), experiment.train.steps), ("above", 6));
    let QuantizerConfig::Vqct { matching, .. } = experiment.quantizer else { panic!("another quantizer") };
    assert_eq!((matching.commitment.placement, matching.commitment.beta), (BetaPlacement::Legacy, 0.25));

    let path = write(folder.path(), "circle.toml", "base = \"circle.toml\"");
    let error = file(path, &[]).load().unwrap_err().to_string();
    assert!(error.contains("circle.toml") && error.contains("`base`"), "{error}");
}

#[test]
fn error_names_missing_file() {
    let error = file("no/such/config.toml".into(), &[]).load().unwrap_err().to_string();
    assert!(error.starts_with("read config no/such/config.toml: No such file"), "{error}");
}

#[test]
fn error_names_unknown_key_and_the_nearest_known_one() {
    let error = refused(&TINY.replace("warmup", "warm_up"), &[]);
    assert!(error.contains("`schedule.warm_up`: unknown field `warm_up`"), "{error}");
    assert!(error.ends_with("did you mean `warmup`?"), "{error}");
    let error = tiny_error(&["train.stepps=3"]);
    assert!(error.contains("--set train.stepps=3") && error.ends_with("did you mean `steps`?"), "{error}");
    let error = tiny_error(&["quantizer.codebok_dim=3"]);
    assert!(error.contains("`quantizer") && error.ends_with("did you mean `codebook_dim`?"), "{error}");
}

#[test]
fn error_names_key_of_wrong_type() {
    let error = tiny_error(&["train.steps=many"]);
    assert!(error.contains("`train.steps`: invalid type: string \"many\", expected u64"), "{error}");
    let error = tiny_error(&["device=gpu"]);
    assert!(error.contains("`device`") && error.contains("`auto`, `cpu` or `cuda:N`, got `gpu`"), "{error}");
    let error = refused("name = [", &[]);
    assert!(error.contains("odd.toml") && error.contains("line 1"), "{error}");
    assert!(tiny_error(&["train.steps"]).contains("expected `dotted.key=value`, got no `=`"));
}

#[test]
fn error_names_key_of_value_out_of_range() {
    let refused = |overrides: &[&str]| match tiny(overrides).check() {
        Ok(()) => panic!("accepted {overrides:?}"),
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
        ("train.keep_checkpoints", "0"),
        ("train.ema_decay", "1.0"),
        ("optimizer.clip", "0.0"),
        ("optimizer.weight_decay", "-1.0"),
        ("guards.max_skips", "0"),
        ("guards.backoff", "0.0"),
    ] {
        let error = refused(&[&format!("{key}={value}")]);
        assert!(error.contains(&format!("config `{key}`")), "{error}");
    }
    assert!(refused(&["guards.usage={min_share=0.0}"]).contains("`guards.usage.min_share`"));
}

#[test]
fn prior_with_too_few_words_or_another_width_is_refused() {
    let refused = |override_: &str| tiny(&[override_]).quantizer.load_prior().unwrap_err().to_string();
    assert!(refused("quantizer.prior.max_nouns=999999").contains("999999"));
    let expected = "the width of the embeddings of the embedded prior, 384";
    assert_eq!(
        refused("quantizer.prior.embedding_dim=512"),
        format!("config `quantizer.prior.embedding_dim`: expected {expected}, got 512")
    );
}
