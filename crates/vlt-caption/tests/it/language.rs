//! A language's file: round trip, restriction, damage.

use tch::Tensor;
use vlt_caption::{CaptionError, Language, LanguageAbout, SpecialNames, TokenSelection, TokenVocabulary};

fn tokenizer() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tokenizer.json")).unwrap()
}

/// All tokens of the small tokenizer; row `i` is `[i, -i]`.
fn language() -> Language {
    let about = LanguageAbout {
        model: "small".into(),
        special: SpecialNames::bert(),
        sources: [("f".into(), "0".into())].into(),
    };
    Language::new(about, tokenizer(), TokenSelection::Full, |ids| {
        let rows: Vec<f32> = ids.iter().flat_map(|&id| [id as f32, -(id as f32)]).collect();
        Ok::<_, CaptionError>(Tensor::from_slice(&rows).view([-1, 2]))
    })
    .unwrap()
}

#[test]
fn a_language_round_trips_and_equal_languages_have_equal_bytes() {
    let bytes = language().to_bytes().unwrap();
    assert_eq!(bytes, language().to_bytes().unwrap());
    let back = Language::from_bytes("memory", &bytes).unwrap();
    assert_eq!(back.about(), language().about());
    assert!(back.embeddings().equal(&language().embeddings()));
    assert_eq!(back.to_bytes().unwrap(), bytes);
}

#[test]
fn a_restricted_language_keeps_the_tokens_and_rows_of_captions() {
    let whole = language();
    let caption = "a red apple".to_owned();
    let restricted = whole.restrict(std::slice::from_ref(&caption)).unwrap();
    assert!(restricted.vocabulary().map().size() < whole.vocabulary().map().size());
    let ids = restricted.vocabulary().encode(&caption, 20).unwrap();
    assert_eq!(
        restricted.vocabulary().decode(&ids).unwrap(),
        whole.vocabulary().decode(&whole.vocabulary().encode(&caption, 20).unwrap()).unwrap()
    );
    for (row, id) in restricted.vocabulary().map().model_ids().iter().enumerate() {
        assert_eq!(restricted.embeddings().double_value(&[row as i64, 0]), *id as f64);
    }
}

#[test]
fn the_embedded_language_has_the_words_of_scenes() {
    let language = Language::embedded().unwrap();
    assert_eq!(language.width(), 384);
    let caption = "two small red apples to the left of a penguin";
    let ids = language.vocabulary().encode(caption, 40).unwrap();
    assert_eq!(language.vocabulary().decode(&ids).unwrap(), caption);
}

#[test]
fn errors_name_the_damage() {
    let bytes = language().to_bytes().unwrap();
    let error = |bytes: &[u8]| Language::from_bytes("f.safetensors", bytes).unwrap_err().to_string();
    assert!(error(&bytes[..bytes.len() / 2]).starts_with("language f.safetensors: expected a whole safetensors file"));
    assert!(error(b"").starts_with("language f.safetensors: expected"));
    let other = safetensors::serialize(Vec::<(&str, safetensors::tensor::TensorView<'_>)>::new(), None).unwrap();
    assert_eq!(error(&other), "language f.safetensors: expected metadata `vlt-caption`, got none");
    let shape = Language::new(language().about().clone(), tokenizer(), TokenSelection::Full, |_| {
        Ok::<_, CaptionError>(Tensor::from_slice(&[1.0_f32]).view([1, 1]))
    });
    assert!(shape.unwrap_err().to_string().contains("embeddings of shape"));
    let extent = TokenSelection::Ids(&[9999]);
    let ids = TokenVocabulary::parse(&tokenizer(), "t.json".into(), &SpecialNames::bert(), extent);
    let ids = ids.unwrap_err().to_string();
    assert!(ids.contains("ids of the tokenizer") && ids.contains("got 9999"), "{ids}");
}
