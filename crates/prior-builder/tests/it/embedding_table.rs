use std::path::Path;

use codebook_prior::{PartOfSpeech, SubwordPooling};
use half::{bf16, f16};
use prior_builder::{BuildError, EmbeddingTable, EmbeddingTableConfig, Term, TextEmbedder};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::tiny::terms;

/// The folder of a BERT: 7 tokens, W = 2, row t is `[t, -t / 2]`. The tokenizer pads and truncates, like those of
/// sentence encoders.
struct Model {
    config: &'static str,
    tensor: &'static str,
    dtype: Dtype,
    rows: Vec<f32>,
    shape: Vec<usize>,
    options: EmbeddingTableConfig,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            config: r#"{"model_type": "bert", "hidden_size": 2}"#,
            tensor: "embeddings.word_embeddings.weight",
            dtype: Dtype::F32,
            rows: (0..7).flat_map(|t| [t as f32, -t as f32 / 2.0]).collect(),
            shape: vec![7, 2],
            options: EmbeddingTableConfig::default(),
        }
    }
}

const TOKENIZER: &str = r###"{
  "version": "1.0",
  "truncation": {"max_length": 2, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
  "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null,
              "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
  "added_tokens": [
    {"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 1, "content": "[UNK]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
    {"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}
  ],
  "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
  "pre_tokenizer": {"type": "BertPreTokenizer"},
  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}}},
  "decoder": null,
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "red": 3, "sun": 4, "##flow": 5, "##er": 6}}
}"###;

impl Model {
    fn write(&self, folder: &Path) {
        let data: Vec<u8> = match self.dtype {
            Dtype::F16 => self.rows.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect(),
            Dtype::BF16 => self.rows.iter().flat_map(|x| bf16::from_f32(*x).to_le_bytes()).collect(),
            _ => self.rows.iter().flat_map(|x| x.to_le_bytes()).collect(),
        };
        let view = TensorView::new(self.dtype, self.shape.clone(), &data).unwrap();
        std::fs::write(folder.join("config.json"), self.config).unwrap();
        std::fs::write(folder.join("tokenizer.json"), TOKENIZER).unwrap();
        std::fs::write(folder.join("model.safetensors"), safetensors::serialize([(self.tensor, view)], None).unwrap())
            .unwrap();
    }

    fn open(&self) -> Result<EmbeddingTable, BuildError> {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path());
        EmbeddingTable::open(folder.path(), "tiny", self.options)
    }

    fn message(&self) -> String {
        let Err(error) = self.open() else { panic!("an error") };
        let message = error.to_string();
        // Without the folder, whose name changes.
        message.rsplit_once('/').map_or(message.clone(), |(_, tail)| tail.to_owned())
    }
}

fn nouns<'a>(words: &[&'a str]) -> Vec<Term<'a>> {
    terms(PartOfSpeech::Noun, words)
}

#[test]
fn a_vector_is_the_mean_of_the_rows_of_its_subwords() {
    for dtype in [Dtype::F32, Dtype::F16, Dtype::BF16] {
        let table = Model { dtype, ..Model::default() }.open().unwrap();
        // sun ##flow ##er: rows 4, 5 and 6, without [CLS], padding and truncation.
        assert_eq!(table.embed(&nouns(&["red", "Sunflower"])).unwrap(), [3.0, -1.5, 5.0, -2.5], "{dtype:?}");
    }
}

#[test]
fn a_vector_may_be_the_row_of_the_first_or_last_subword() {
    for (pooling, expected) in
        [(SubwordPooling::First, [3.0, -1.5, 4.0, -2.0]), (SubwordPooling::Last, [3.0, -1.5, 6.0, -3.0])]
    {
        let options = EmbeddingTableConfig { pooling, ..EmbeddingTableConfig::default() };
        let table = Model { options, ..Model::default() }.open().unwrap();
        assert_eq!(table.embed(&nouns(&["red", "sunflower"])).unwrap(), expected, "{pooling}");
    }
}

#[test]
fn the_prefix_of_whole_models_is_known() {
    let table = Model { tensor: "bert.embeddings.word_embeddings.weight", ..Model::default() }.open().unwrap();
    assert_eq!(table.embed(&nouns(&["sun"])).unwrap(), [4.0, -2.0]);
    let description = table.description();
    assert_eq!(description.embedding_dim, 2);
    assert_eq!(
        description.summary,
        "tiny: rows of `bert.embeddings.word_embeddings.weight`, mean over tokens, words as inside a sentence, \
         special tokens left out"
    );
    let files: Vec<_> = description.sources.iter().map(|source| source.file.as_str()).collect();
    assert_eq!(files, ["config.json", "tokenizer.json", "model.safetensors"]);
}

#[test]
fn each_family_has_its_names() {
    let check = |config: &'static str, tensor: &'static str| {
        let table = Model { config, tensor, ..Model::default() }.open().unwrap();
        assert_eq!(table.embed(&nouns(&["sun"])).unwrap(), [4.0, -2.0], "{config}");
    };
    let distilbert = r#"{"model_type": "distilbert", "dim": 2}"#;
    check(distilbert, "embeddings.word_embeddings.weight");
    check(distilbert, "distilbert.embeddings.word_embeddings.weight");
    check(r#"{"model_type": "xlm-roberta", "hidden_size": 2}"#, "embeddings.word_embeddings.weight");
    check(r#"{"model_type": "gpt2", "n_embd": 2}"#, "wte.weight");
    for config in [
        r#"{"model_type": "mistral", "hidden_size": 2}"#,
        r#"{"model_type": "qwen3", "hidden_size": 2}"#,
        r#"{"model_type": "gemma", "hidden_size": 2}"#,
        r#"{"model_type": "gemma2", "hidden_size": 2}"#,
        r#"{"model_type": "gemma3_text", "hidden_size": 2}"#,
    ] {
        check(config, "model.embed_tokens.weight");
        check(config, "embed_tokens.weight");
    }
    check(r#"{"model_type": "mt5", "d_model": 2}"#, "encoder.embed_tokens.weight");
    check(r#"{"model_type": "clip", "text_config": {}}"#, "text_model.embeddings.token_embedding.weight");
}

#[test]
fn a_text_of_special_tokens_has_no_vector() {
    let table = Model::default().open().unwrap();
    let message = |text: &str| table.embed(&nouns(&[text])).unwrap_err().to_string();
    assert_eq!(message("xyz"), r#"embed: "xyz": expected a token that is not special, got ["[UNK]"]"#);
    assert_eq!(message(""), r#"embed: "": expected a token that is not special, got []"#);
}

#[test]
fn a_tokenizer_larger_than_the_table_is_named() {
    let table = Model { rows: vec![0.5; 10], shape: vec![5, 2], ..Model::default() }.open().unwrap();
    let message = table.embed(&nouns(&["sunflower"])).unwrap_err().to_string();
    assert_eq!(message, r#"embed: "sunflower": expected tokens in 0..5, got 5"#);
}

#[test]
fn models_that_cannot_be_read_are_named() {
    let check = |model: Model, expected: &str| assert_eq!(model.message(), expected);
    check(
        Model { config: r#"{"model_type": "mamba"}"#, ..Model::default() },
        "config.json: model_type: expected bert or distilbert or roberta or xlm-roberta or gpt2 or llama or mistral or \
         qwen2 or qwen3 or gemma or gemma2 or gemma3_text or t5 or mt5 or clip or clip_text_model, got \"mamba\"",
    );
    check(
        Model { config: "{}", ..Model::default() },
        "config.json: expected a model's config with `model_type`, got missing field `model_type` at line 1 column 2",
    );
    check(
        Model { tensor: "wte.weight", ..Model::default() },
        "model.safetensors: tensors: expected embeddings.word_embeddings.weight or \
         bert.embeddings.word_embeddings.weight, got 1 other tensors",
    );
    let tensor = "model.safetensors: tensor \"embeddings.word_embeddings.weight\"";
    check(Model { shape: vec![14], ..Model::default() }, &format!("{tensor}: expected shape [V, 2], got [14]"));
    check(Model { dtype: Dtype::I32, ..Model::default() }, &format!("{tensor}: expected F32, F16 or BF16, got I32"));
    check(
        Model { config: r#"{"model_type": "bert"}"#, shape: vec![7, 2, 1], ..Model::default() },
        &format!("{tensor}: expected shape [V, W], got [7, 2, 1]"),
    );
}

#[test]
fn numbers_in_use_must_be_finite() {
    let mut rows = Model::default().rows;
    rows[9] = f32::INFINITY;
    let table = Model { rows, ..Model::default() }.open().unwrap();
    let message = table.embed(&nouns(&["sun"])).unwrap_err().to_string();
    let expected = "tensor \"embeddings.word_embeddings.weight\": expected finite numbers, got inf at [4, 1]";
    assert!(message.ends_with(expected), "{message}");
    // Rows that no word needs are not checked.
    table.embed(&nouns(&["red"])).unwrap();
}
