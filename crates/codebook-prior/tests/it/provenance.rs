use codebook_prior::{
    Embedding, EmbeddingMethod, Pooling, PriorGraph, Prompts, Provenance, Refinement, Scale, SentencePooling, WordPlace,
};

use crate::sample::parts;

fn check(embedding: &Embedding, json: &str) {
    assert_eq!(serde_json::to_string(embedding).unwrap(), json);
    let mut parts = parts();
    parts.provenance.embedding = Some(embedding.clone());
    let graph = PriorGraph::new(parts).unwrap();
    let read = PriorGraph::from_bytes(&graph.to_bytes().unwrap()).unwrap();
    assert_eq!(read.provenance().embedding.as_ref(), Some(embedding));
}

#[test]
fn a_prior_says_how_its_vectors_were_made() {
    let table =
        EmbeddingMethod::Table { tensor: "wte.weight".into(), pooling: Pooling::Last, place: WordPlace::InSentence };
    check(
        &Embedding { model: "gpt2".into(), method: table, refinement: Refinement::Centred },
        r#"{"model":"gpt2","method":{"table":{"tensor":"wte.weight","pooling":"last","place":"in-sentence"}},"refinement":"centred"}"#,
    );
    let encoder = EmbeddingMethod::Encoder { prompts: Prompts::default(), pooling: SentencePooling::Cls };
    let refinement = Refinement::Principal { width: 64, scale: Scale::Whitened };
    check(
        &Embedding { model: "bert".into(), method: encoder, refinement },
        r#"{"model":"bert","method":{"encoder":{"prompts":{"adjective":"a photo of {w} object","noun":"a photo of {w}"},"pooling":"cls"}},"refinement":{"principal":{"width":64,"scale":"whitened"}}}"#,
    );
}

#[test]
fn files_of_before_the_field_are_read_and_unknown_fields_are_not() {
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
        let error = serde_json::from_str::<Embedding>(unknown).unwrap_err().to_string();
        assert!(error.contains("unknown field"), "{error}");
    }
}
