//! Damaged model folders give errors, never a panic.

use std::path::Path;

use codebook_prior::PartOfSpeech;
use prior_builder::{BuildError, EmbeddingTable, EmbeddingTableConfig, TextEmbedder, TextEncoder, TextEncoderConfig};
use proptest::prelude::*;

use crate::tiny::{copy, terms};

/// Opens a folder as a table and embeds a word.
fn table(folder: &Path) -> Result<Vec<f32>, BuildError> {
    EmbeddingTable::open(folder, "tiny", EmbeddingTableConfig::default())?
        .embed(&terms(PartOfSpeech::Noun, &["sunflower"]))
}

/// The same as an encoder.
fn encoder(folder: &Path) -> Result<Vec<f32>, BuildError> {
    TextEncoder::open(folder, "tiny", TextEncoderConfig::default())?.embed(&terms(PartOfSpeech::Noun, &["sunflower"]))
}

/// The message, with `tiny` for the folder.
fn check(model: &str, change: impl FnOnce(&Path), expected: &str) {
    let model = copy(model);
    change(model.path());
    let message = table(model.path()).unwrap_err().to_string();
    let message = message.replace(&model.path().display().to_string(), "tiny");
    assert!(message.starts_with(expected), "{message}");
}

fn edit(file: &'static str, from: &'static str, to: &'static str) -> impl FnOnce(&Path) {
    move |folder: &Path| {
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }
}

fn remove(file: &'static str) -> impl FnOnce(&Path) {
    move |folder: &Path| std::fs::remove_file(folder.join(file)).unwrap()
}

const INDEX: &str = "model.safetensors.index.json";

#[test]
fn files_that_are_missing_are_named() {
    check("bert", remove("config.json"), "read tiny/config.json: ");
    check("bert", remove("tokenizer.json"), "read tiny/tokenizer.json: ");
    check("bert", remove("model.safetensors"), "open tiny/model.safetensors: ");
    check("llama", remove("model-00001-of-00003.safetensors"), "open tiny/model-00001-of-00003.safetensors: ");
}

#[test]
fn a_tokenizer_that_cannot_be_read_is_named() {
    let start = "tiny/tokenizer.json: expected a tokenizer, got ";
    check("bert", edit("tokenizer.json", "\"WordPiece\"", "\"WordPie\""), start);
    check("bert", edit("tokenizer.json", "\"model\":{", "\"model\":"), start);
    // The library panics on a template that names a token without defining it.
    let model = copy("bert");
    edit("tokenizer.json", r#"{"SpecialToken":{"id":"[CLS]""#, r#"{"SpecialToken":{"id":"[CLZ]""#)(model.path());
    let message = encoder(model.path()).unwrap_err().to_string();
    assert!(message.contains("tokenizer.json"), "{message}");
}

#[test]
fn an_index_that_does_not_fit_is_named() {
    let tensor = r#"tensor "model.embed_tokens.weight""#;
    check(
        "llama",
        edit(INDEX, "weight_map", "weights"),
        "tiny/model.safetensors.index.json: expected an index of shards",
    );
    check(
        "llama",
        edit(INDEX, "model.embed_tokens.weight", "model.embed_tokens.bias"),
        "read tiny/model.safetensors.index.json: tensors: expected model.embed_tokens.weight or embed_tokens.weight, \
         got 21 other tensors",
    );
    check(
        "llama",
        edit(INDEX, "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors"),
        &format!("read tiny/model-00002-of-00003.safetensors: {tensor}: expected a tensor of that name, got "),
    );
    for path in ["../other.safetensors", "/other.safetensors", "..", ""] {
        let text = format!(r#"{{"weight_map": {{"model.embed_tokens.weight": "{path}"}}}}"#);
        check(
            "llama",
            |folder| std::fs::write(folder.join(INDEX), text).unwrap(),
            &format!("read tiny/{INDEX}: {tensor}: expected the name of a file in the same folder, got {path:?}"),
        );
    }
}

#[test]
fn a_table_of_another_width_than_stated_is_named() {
    let table = "read tiny/model.safetensors: tensor ";
    let bert = edit("config.json", r#""hidden_size": 16"#, r#""hidden_size": 8"#);
    check("bert", bert, &format!("{table}\"embeddings.word_embeddings.weight\": expected shape [V, 8], got ["));
    let gpt2 = edit("config.json", r#""n_embd": 16"#, r#""n_embd": 17"#);
    check("gpt2", gpt2, &format!("{table}\"transformer.wte.weight\": expected shape [V, 17], got [297, 16]"));
    let t5 = edit("config.json", r#""d_model": 16"#, r#""d_model": 1"#);
    check("t5", t5, &format!("{table}\"shared.weight\": expected shape [V, 1], got [43, 16]"));
    let clip = edit("config.json", r#""hidden_size": 16"#, r#""hidden_size": 8"#);
    check(
        "clip",
        clip,
        &format!("{table}\"text_model.embeddings.token_embedding.weight\": expected shape [V, 8], got "),
    );
}

/// A way to damage a file.
#[derive(Debug, Clone)]
enum Damage {
    Cut(prop::sample::Index),
    Byte(prop::sample::Index, u8),
    Remove(prop::sample::Index, usize),
    Digit(prop::sample::Index, u8),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let place = || any::<prop::sample::Index>();
    prop_oneof![
        place().prop_map(Damage::Cut),
        (place(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (place(), 1usize..40).prop_map(|(at, len)| Damage::Remove(at, len)),
        (place(), b'0'..=b'9').prop_map(|(at, digit)| Damage::Digit(at, digit)),
    ]
}

/// Damages a file within its first `head` bytes, or cuts it anywhere.
fn apply(damage: &Damage, bytes: &mut Vec<u8>, head: usize) {
    let len = bytes.len().min(head);
    match damage {
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len() - 1)),
        Damage::Byte(at, byte) => bytes[at.index(len)] = *byte,
        Damage::Remove(at, count) => {
            let start = at.index(len);
            bytes.drain(start..(start + count).min(len));
        }
        // Sizes, offsets and lengths that are still numbers.
        Damage::Digit(at, digit) => {
            let digits: Vec<usize> = (0..len).filter(|at| bytes[*at].is_ascii_digit()).collect();
            if !digits.is_empty() {
                bytes[digits[at.index(digits.len())]] = *digit;
            }
        }
    }
}

/// Both readers give an error or a vector of finite numbers; a cut file is an error.
fn check_damage(model: &str, file: &str, damage: &Damage, head: usize) -> Result<(), TestCaseError> {
    let model = copy(model);
    let path = model.path().join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    apply(damage, &mut bytes, head);
    std::fs::write(&path, bytes).unwrap();
    for result in [table(model.path()), encoder(model.path())] {
        match result {
            Ok(vector) => {
                prop_assert!(!matches!(damage, Damage::Cut(_)));
                prop_assert!(vector.iter().all(|value| value.is_finite()));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn damaged_configs_never_panic(
        model in prop::sample::select(&["bert", "roberta", "gpt2", "clip", "t5"]), damage in any_damage()
    ) {
        check_damage(model, "config.json", &damage, usize::MAX)?;
    }

    #[test]
    fn damaged_tokenizers_never_panic(
        model in prop::sample::select(&["bert", "roberta", "llama", "clip", "t5"]), damage in any_damage()
    ) {
        check_damage(model, "tokenizer.json", &damage, usize::MAX)?;
    }

    #[test]
    fn damaged_weights_never_panic(
        model in prop::sample::select(&["bert", "roberta", "clip"]), damage in any_damage(), head in 8usize..9000
    ) {
        check_damage(model, "model.safetensors", &damage, head)?;
    }

    #[test]
    fn damaged_indices_never_panic(damage in any_damage()) {
        check_damage("llama", INDEX, &damage, usize::MAX)?;
    }

    #[test]
    fn damaged_shards_never_panic(damage in any_damage(), head in 8usize..2000) {
        check_damage("llama", "model-00001-of-00003.safetensors", &damage, head)?;
    }
}
