use codebook_prior::{
    CaptionProvenance, CaptionRecipe, EmbeddingMethod, EmbeddingProvenance, PartOfSpeech, PriorGraph, Prompts,
    Provenance, Refinement, Scale, SentencePooling, SubwordPooling, WordContext,
};

use crate::sample::parts;

fn check(embedding: &EmbeddingProvenance, json: &str) {
    assert_eq!(serde_json::to_string(embedding).unwrap(), json);
    let mut parts = parts();
    parts.provenance.embedding = Some(embedding.clone());
    let graph = PriorGraph::new(parts).unwrap();
    let read = PriorGraph::from_bytes(&graph.to_bytes().unwrap()).unwrap();
    assert_eq!(read.provenance().embedding.as_ref(), Some(embedding));
}

#[test]
fn a_file_states_how_the_vectors_were_computed() {
    let table = EmbeddingMethod::Table {
        tensor: "wte.weight".into(),
        pooling: SubwordPooling::Last,
        context: WordContext::InSentence,
    };
    check(
        &EmbeddingProvenance { model: "gpt2".into(), method: table, refinement: Refinement::Centred },
        r#"{"model":"gpt2","method":{"table":{"tensor":"wte.weight","pooling":"last","place":"in-sentence"}},"refinement":"centred"}"#,
    );
    let encoder = EmbeddingMethod::Encoder { prompts: Prompts::default(), pooling: SentencePooling::Cls };
    let refinement = Refinement::Principal { width: 64, scale: Scale::Whitened };
    check(
        &EmbeddingProvenance { model: "bert".into(), method: encoder, refinement },
        r#"{"model":"bert","method":{"encoder":{"prompts":{"adjective":"a photo of {w} object","noun":"a photo of {w}"},"pooling":"cls"}},"refinement":{"principal":{"width":64,"scale":"whitened"}}}"#,
    );
}

#[test]
fn old_files_are_read_and_unknown_fields_are_refused() {
    for old in [
        r#"{"made_by":"a","sources":[],"vectors":"b","cut":null}"#,
        r#"{"made_by":"a","sources":[],"recipe":{"adjectives":4,"visual_share":0.5},"vectors":"b","cut":null}"#,
    ] {
        let read: Provenance = serde_json::from_str(old).unwrap();
        assert_eq!(read.embedding, None);
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
    }
    let none: Provenance =
        serde_json::from_str(r#"{"made_by":"a","sources":[],"recipe":null,"vectors":"b","cut":null}"#).unwrap();
    assert_eq!(none.recipe, None);
    for unknown in [
        r#"{"model":"m","method":{"table":{"tensor":"t","pooling":"mean","place":"alone","more":1}}}"#,
        r#"{"model":"m","method":{"table":{"tensor":"t","pooling":"mean","place":"alone"}},"more":1}"#,
        r#"{"model":"m","method":{"encoder":{"prompts":{"verb":"{w}"},"pooling":"mean"}}}"#,
        r#"{"model":"m","method":{"table":{"tensor":"t","pooling":"mean","place":"alone"}},"refinement":{"principal":{"width":1,"scale":"kept","more":1}}}"#,
    ] {
        let error = serde_json::from_str::<EmbeddingProvenance>(unknown).unwrap_err().to_string();
        assert!(error.contains("unknown field"), "{error}");
    }
}

/// Priors in use hold these keys: renaming a field of the recipe must not change them.
#[test]
fn the_keys_of_a_recipe_stay() {
    let captions = CaptionProvenance { tagger: "t".into(), corpora: Vec::new(), recipe: CaptionRecipe::default() };
    let json = concat!(
        r#"{"tagger":"t","recipe":{"lexicon":{"chains":"adjacent","multiword":"apart"},"#,
        r#""filter":{"adjective_count":11,"noun_count":11,"files":[],"file_share":0.5,"unknown":"pass","writing":"any","#,
        r#""allow":[],"deny":[],"seeds":null},"order":"first-seen","homographs":"apart","most_adjectives":null,"#,
        r#""most_nouns":null,"first":"ordered","trusted_count":2,"precision":"f16"}}"#
    );
    assert_eq!(serde_json::to_string(&captions).unwrap(), json);
    assert_eq!(serde_json::from_str::<CaptionProvenance>(json).unwrap(), captions);
}

#[test]
fn prompts_have_one_placeholder() {
    let prompts = Prompts::default();
    prompts.check().unwrap();
    assert_eq!(prompts.fill("red", PartOfSpeech::Adjective), "a photo of red object");
    assert_eq!(prompts.fill("apple", PartOfSpeech::Noun), "a photo of apple");
    let error = Prompts { noun: "{w} and {w}".into(), ..prompts }.check().unwrap_err().to_string();
    assert_eq!(error, r#"prompts: noun: expected one {w}, got "{w} and {w}""#);
}
