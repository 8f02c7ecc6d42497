//! Text encoders against `transformers` (`tests/data/make_models.py`), which pads prompts, while we do not.

use codebook_prior::{EmbeddingMethod, PartOfSpeech, Prompts, SentencePooling};
use prior_builder::{Term, TextEmbedder, TextEncoder, TextEncoderConfig};
use serde_json::{Value, json};

use crate::tiny::{ADJECTIVES, NOUNS, check_close, copy, folder, golden, terms};

fn all_terms() -> Vec<Term<'static>> {
    [terms(PartOfSpeech::Adjective, &ADJECTIVES), terms(PartOfSpeech::Noun, &NOUNS)].concat()
}

fn check(model: &str, pooling: SentencePooling, name: &str, dim: usize) {
    let config = TextEncoderConfig { pooling: Some(pooling), ..TextEncoderConfig::default() };
    let encoder = TextEncoder::open(&folder(model), model, config).unwrap();
    let expected = golden(&folder(model).join("goldens.safetensors"), name);
    check_close(&encoder.embed(&all_terms()).unwrap(), &expected, dim, 2e-5);
    let description = encoder.description();
    assert_eq!(description.embedding_dim, dim);
    let method = EmbeddingMethod::Encoder { prompts: Prompts::default(), pooling };
    assert_eq!(description.embedding.unwrap().method, method);
}

#[test]
fn bert_pools_by_mean_or_first_token() {
    check("bert", SentencePooling::Mean, "encoded_mean", 16);
    check("bert", SentencePooling::Cls, "encoded_cls", 16);
}

#[test]
fn roberta_positions_start_after_padding() {
    check("roberta", SentencePooling::Mean, "encoded_mean", 16);
    check("roberta", SentencePooling::Cls, "encoded_cls", 16);
}

#[test]
fn clip_projects_the_end_token() {
    check("clip", SentencePooling::Projection, "encoded_projection", 12);
    check("clip_text_model", SentencePooling::Projection, "encoded_projection", 12);
}

#[test]
fn openais_clip_states_a_wrong_end_token() {
    let model = copy("clip_text_model");
    change(model.path(), "eos_token_id", json!(2));
    let encoder = TextEncoder::open(model.path(), "clip", TextEncoderConfig::default()).unwrap();
    let expected = golden(&model.path().join("goldens.safetensors"), "encoded_projection");
    check_close(&encoder.embed(&all_terms()).unwrap(), &expected, 12, 2e-5);
}

#[test]
fn results_depend_little_on_the_batch() {
    for model in ["bert", "roberta", "clip"] {
        let vectors = |batch| {
            let config = TextEncoderConfig { batch, ..TextEncoderConfig::default() };
            TextEncoder::open(&folder(model), model, config).unwrap().embed(&all_terms()).unwrap()
        };
        let expected = vectors(32);
        assert_eq!(vectors(32), expected);
        let greatest = expected.iter().fold(0f32, |most, value| most.max(value.abs()));
        for batch in [1, 3] {
            check_close(&vectors(batch), &expected, 4, 1e-5 * greatest);
        }
    }
}

#[test]
fn prompts_can_be_chosen() {
    let prompts = Prompts { adjective: "{w}".into(), noun: "the {w}".into() };
    let config = TextEncoderConfig { prompts, ..TextEncoderConfig::default() };
    let encoder = TextEncoder::open(&folder("bert"), "tiny", config).unwrap();
    let vector = |text, part_of_speech| encoder.embed(&[Term { text, part_of_speech }]).unwrap();
    assert_eq!(vector("the sun", PartOfSpeech::Adjective), vector("sun", PartOfSpeech::Noun));
    assert_ne!(vector("sun", PartOfSpeech::Adjective), vector("sun", PartOfSpeech::Noun));
    assert_eq!(
        encoder.description().summary,
        r#"tiny: prompts "{w}" and "the {w}" through the text encoder, mean over tokens"#
    );
}

/// Sets a field of a model's config.
fn change(folder: &std::path::Path, field: &str, value: Value) {
    let path = folder.join("config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config[field] = value;
    std::fs::write(path, config.to_string()).unwrap();
}

#[test]
fn configs_of_unsupported_models_are_refused() {
    let check = |model: &str, field: &str, value: Value, expected: &str| {
        let model = copy(model);
        change(model.path(), field, value);
        let Err(error) = TextEncoder::open(model.path(), "tiny", TextEncoderConfig::default()) else {
            panic!("an error")
        };
        let message = error.to_string().replace(&model.path().display().to_string(), "tiny");
        assert!(message.starts_with(expected), "{message}");
    };
    let start = "read tiny/config.json: ";
    let expect = |text: &str| format!("{start}{text}");
    check("bert", "num_attention_heads", json!(0), &expect("num_attention_heads: expected 1 to 2^32 - 1, got 0"));
    check(
        "bert",
        "num_attention_heads",
        json!(3),
        &expect("num_attention_heads: expected a divisor of hidden_size, 16, got 3"),
    );
    check(
        "bert",
        "hidden_act",
        json!("silu"),
        &expect("hidden_act: expected gelu, gelu_new, gelu_pytorch_tanh or relu"),
    );
    check("bert", "position_embedding_type", json!("relative"), &expect("position_embedding_type: expected absolute"));
    check("bert", "layer_norm_eps", json!(-1), &expect("layer_norm_eps: expected 0 or more, got -1"));
    check("bert", "model_type", json!("gpt2"), &expect("model_type: expected bert or roberta or xlm-roberta or clip"));
    check("roberta", "pad_token_id", json!(39), &expect("pad_token_id: expected fewer than 40 positions, got 39"));
    check("clip_text_model", "hidden_act", json!("gelu"), &expect("hidden_act: expected quick_gelu, got gelu"));
    check("clip_text_model", "layer_norm_eps", json!(1e-6), &expect("layer_norm_eps: expected 0.00001, got 0.000001"));
    check("clip", "text_config", json!(null), &expect("text_config: expected CLIP's text encoder, got none"));
    let weights = "tiny: expected the weights that config.json states, got ";
    check("bert", "num_hidden_layers", json!(3), &format!("{weights}cannot find tensor encoder.layer.2."));
    check("bert", "vocab_size", json!(9), &format!("{weights}shape mismatch for embeddings.word_embeddings.weight"));
}

#[test]
fn unsupported_options_are_refused() {
    let message = |model: &str, config| {
        let Err(error) = TextEncoder::open(&folder(model), "tiny", config) else { panic!("an error") };
        error.to_string().replace(&folder(model).display().to_string(), model)
    };
    let pooling = |pooling| TextEncoderConfig { pooling: Some(pooling), ..TextEncoderConfig::default() };
    assert_eq!(
        message("bert", pooling(SentencePooling::Projection)),
        "text encoder bert: pooling: expected mean over tokens or first token, got projection of the last token"
    );
    assert_eq!(
        message("clip", pooling(SentencePooling::Mean)),
        "text encoder clip: pooling: expected projection of the last token, got mean over tokens"
    );
    let batch = TextEncoderConfig { batch: 0, ..TextEncoderConfig::default() };
    assert_eq!(message("bert", batch), "text encoder: batch: expected 1 prompt or more, got 0");
    for noun in ["a photo", "{w} and {w}"] {
        let prompts = Prompts { noun: noun.into(), ..Prompts::default() };
        let config = TextEncoderConfig { prompts, ..TextEncoderConfig::default() };
        assert_eq!(message("bert", config), format!("prompts: noun: expected one {{w}}, got {noun:?}"));
    }
}

#[test]
fn a_prompt_that_is_too_long_is_refused() {
    let encoder = TextEncoder::open(&folder("bert"), "tiny", TextEncoderConfig::default()).unwrap();
    let text = "sun ".repeat(36);
    let message = encoder.embed(&terms(PartOfSpeech::Noun, &[text.trim_end()])).unwrap_err().to_string();
    assert!(message.ends_with(r#" sun": expected 1 to 40 tokens, got 41"#), "{message}");
}
