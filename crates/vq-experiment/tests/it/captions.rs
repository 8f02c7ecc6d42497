//! The options of captions and their language.

use tempfile::TempDir;
use vlt_caption::{CaptionError, Language, TokenSelection};
use vq_data::EmojiSet;
use vq_experiment::{CaptionsConfig, LanguageConfig, LanguageSource, OtherModel, PathSchedule, QuantizerConfig};

use crate::support::tiny;

#[test]
fn gradient_schedule_is_a_linear_ramp() {
    let schedule = PathSchedule { start: 10, ramp: 20 };
    assert_eq!([1, 10, 20, 30, 99].map(|step| schedule.factor(step)), [0.0, 0.0, 0.5, 1.0, 1.0]);
    assert_eq!([0, 1].map(|step| PathSchedule::default().factor(step)), [0.0, 1.0]);
}

#[test]
fn option_out_of_range_is_named() {
    let error = |captions: &str| {
        let experiment = tiny(&[captions]);
        experiment.captions.unwrap().check(&experiment.quantizer).unwrap_err().to_string()
    };
    assert_eq!(error("captions.weight=-1.0"), "config `captions.weight`: expected a finite number >= 0, got -1");
    assert!(error("captions.word_supervision={ weight = -1.0 }").contains("`weight`"));
    let plain = QuantizerConfig::Vq { codebook_size: 4, codebook_dim: 4, matching: Default::default() };
    let words = CaptionsConfig { word_supervision: Some(Default::default()), ..Default::default() };
    let error = words.check(&plain).unwrap_err().to_string();
    assert!(error.contains("captions.word_supervision") && error.contains("codes that are not words"), "{error}");
}

/// The codes are words of one language model, the captions of another: an error unless the option allows it.
#[test]
fn another_language_model_is_refused() {
    let prior = tiny(&[]).quantizer.load_prior().unwrap().unwrap();
    let embedded = Language::embedded().unwrap();
    let mut about = embedded.about().clone();
    about.model = "another-model".into();
    let tokenizer = embedded.tokenizer_json().to_owned();
    let ids = embedded.vocabulary().map().model_ids().to_vec();
    let other =
        Language::new(about, tokenizer, TokenSelection::Ids(&ids), |_| Ok::<_, CaptionError>(embedded.embeddings()));
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("language.safetensors");
    std::fs::write(&path, other.unwrap().to_bytes().unwrap()).unwrap();
    let source = EmojiSet::embedded().unwrap();
    let config = LanguageConfig { source: LanguageSource::File(path), ..Default::default() };
    let error = config.load(Some(&prior), &source).unwrap_err().to_string();
    assert!(error.contains("all-MiniLM-L6-v2") && error.contains("got `another-model`"), "{error}");
    let allowed = LanguageConfig { other_model: OtherModel::Allow, ..config };
    let cut = allowed.load(Some(&prior), &source).unwrap();
    assert!(cut.vocabulary().map().size() < embedded.vocabulary().map().size(), "unused tokens are kept");
}
