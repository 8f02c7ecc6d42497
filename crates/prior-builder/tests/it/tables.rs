//! Embedding tables of each family against `transformers` (`tests/data/make_models.py`).

use codebook_prior::{EmbeddingMethod, PartOfSpeech, SubwordPooling, WordContext};
use prior_builder::{EmbeddingTable, EmbeddingTableConfig, TextEmbedder};

use crate::tiny::{NOUNS, check_close, copy, folder, golden, terms};

fn check(model: &str, tensor: &str, files: &[&str]) {
    let goldens = folder(model).join("goldens.safetensors");
    let cases = [
        ("mean", SubwordPooling::Mean, WordContext::InSentence),
        ("first", SubwordPooling::First, WordContext::InSentence),
        ("last", SubwordPooling::Last, WordContext::InSentence),
        ("alone", SubwordPooling::Mean, WordContext::Alone),
    ];
    for (name, pooling, context) in cases {
        let table = EmbeddingTable::open(&folder(model), model, EmbeddingTableConfig { pooling, context }).unwrap();
        let found = table.embed(&terms(PartOfSpeech::Noun, &NOUNS)).unwrap();
        check_close(&found, &golden(&goldens, name), 16, 1e-6);
        let description = table.description();
        assert_eq!(description.embedding_dim, 16);
        let embedding = description.embedding.unwrap();
        assert_eq!(embedding.model, model);
        assert_eq!(embedding.method, EmbeddingMethod::Table { tensor: tensor.into(), pooling, context });
        let read: Vec<_> = description.sources.iter().map(|source| source.file.as_str()).collect();
        assert_eq!(read, [&["config.json", "tokenizer.json"], files].concat());
    }
}

#[test]
fn bert_reads_its_word_embeddings() {
    check("bert", "embeddings.word_embeddings.weight", &["model.safetensors"]);
}

#[test]
fn roberta_reads_its_word_embeddings() {
    check("roberta", "roberta.embeddings.word_embeddings.weight", &["model.safetensors"]);
}

#[test]
fn gpt2_reads_its_token_embedding() {
    check("gpt2", "transformer.wte.weight", &["model.safetensors"]);
}

#[test]
fn llama_reads_the_one_shard_that_holds_the_table() {
    let files = ["model.safetensors.index.json", "model-00001-of-00003.safetensors"];
    check("llama", "model.embed_tokens.weight", &files);
}

#[test]
fn qwen_reads_16_bit_floats() {
    check("qwen2", "model.embed_tokens.weight", &["model.safetensors"]);
}

#[test]
fn t5_reads_the_table_that_both_halves_share() {
    check("t5", "shared.weight", &["model.safetensors"]);
}

#[test]
fn clip_reads_its_text_half() {
    for model in ["clip", "clip_text_model"] {
        check(model, "text_model.embeddings.token_embedding.weight", &["model.safetensors"]);
    }
}

/// Byte-level tokens of a word depend on its context; those of tokenizers that add the space themselves do not.
#[test]
fn the_context_of_a_word_matters_to_byte_level_tokenizers_only() {
    for (model, matters) in [("bert", false), ("roberta", true), ("gpt2", true), ("llama", false), ("t5", false)] {
        let vector = |context| {
            let config = EmbeddingTableConfig { context, ..EmbeddingTableConfig::default() };
            let table = EmbeddingTable::open(&folder(model), model, config).unwrap();
            table.embed(&terms(PartOfSpeech::Noun, &["octopus"])).unwrap()
        };
        assert_eq!(vector(WordContext::InSentence) != vector(WordContext::Alone), matters, "{model}");
    }
}

#[test]
fn other_shards_need_not_be_there() {
    let model = copy("llama");
    for shard in ["model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors"] {
        std::fs::remove_file(model.path().join(shard)).unwrap();
    }
    EmbeddingTable::open(model.path(), "llama", EmbeddingTableConfig::default()).unwrap();
}
