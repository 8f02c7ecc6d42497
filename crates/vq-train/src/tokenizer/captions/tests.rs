//! Where the gradient of captions goes.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::Arc;

use tch::{Device, Kind, Tensor};
use vlt_caption::{CaptionConfig, Language};
use vq_core::Mode;
use vq_model::Encoded;

use super::{CaptionHead, CaptionsConfig, LanguageConfig, PathSchedule};
use crate::{Experiment, TokenizerState};

/// VQCT with words that the captions name, and every term.
fn experiment(captions: &str) -> Experiment {
    let text = format!(
        "name = \"tiny\"\ndevice = \"cpu\"\n\
         data = {{ batch_size = 2, source = {{ kind = \"emoji\" }}, transform = {{ size = 16, background = \"random\" }} }}\n\
         autoencoder = {{ channels = 32, multipliers = [1, 1, 1], residual_blocks = 1, attention_factors = [], latent_channels = 8 }}\n\
         quantizer = {{ kind = \"vqct\", prior = {{ source = \"embedded\" }}, transfer = {{ hidden = 8, dropout = 0.0 }}, width = 4 }}\n\
         schedule = {{ learning_rate = 1e-3 }}\ntrain = {{ steps = 1 }}\n\
         [captions]\ntranslator = {{ width = 16, heads = 2, layers = 1, neighbourhoods = 1, dropout = 0.0 }}\n{captions}"
    );
    toml::from_str(&text).unwrap()
}

const CAPTIONS: [&str; 2] = ["a small red apple", "two black cats left of a dog"];

struct Tried {
    state: TokenizerState,
    total: Tensor,
    names: Vec<&'static str>,
}

/// The terms of two random images, and their gradients in the variables.
fn terms(experiment: &Experiment, step: u64) -> Tried {
    let prior = experiment.quantizer.load_prior().unwrap();
    let language = Language::embedded().unwrap().restrict(&CAPTIONS.map(str::to_owned)).unwrap();
    let state = TokenizerState::fresh(experiment, prior, Device::Cpu).unwrap();
    let state = state.with_captions(experiment, Some(&Arc::new(language))).unwrap();
    let images = Tensor::linspace(-1.0, 1.0, 2 * 3 * 16 * 16, (Kind::Float, Device::Cpu)).sin().view([2, 3, 16, 16]);
    let Encoded { latents, quantized } = state.tokenizer.quantize(&images, Mode::Train).unwrap();
    let captions = CAPTIONS.map(|caption| Some(caption.to_owned()));
    let head: &CaptionHead = state.captions.as_ref().unwrap();
    let terms = head.terms(step, &latents, &quantized, &captions).unwrap();
    let names = terms.figures.iter().map(|(name, _)| *name).collect();
    terms.total.backward();
    Tried { total: terms.total.detach(), state, names }
}

/// The norm of the gradient in all variables whose names begin so.
fn slope(tried: &Tried, prefix: &str) -> f64 {
    let variables = tried.state.store.variables();
    let own = variables.iter().filter(|(name, variable)| name.starts_with(prefix) && variable.grad().defined());
    own.map(|(_, variable)| variable.grad().square().sum(Kind::Double).double_value(&[])).sum::<f64>().sqrt()
}

/// One term at a time, so that none hides behind another.
const TERMS: [(&str, &str); 5] = [
    ("translation", "weight = 1.0"),
    ("global_alignment", "weight = 0.0\nglobal = { weight = 1.0 }"),
    ("masked_text", "weight = 0.0\nmasked = { weight = 1.0 }"),
    ("relation_alignment", "weight = 0.0\nrelation = { weight = 1.0 }"),
    ("word_supervision", "weight = 0.0\nwords = { weight = 1.0 }"),
];

#[test]
fn each_terms_gradient_reaches_the_encoder_and_the_transfer_network() {
    for (name, config) in TERMS {
        let tried = terms(&experiment(config), 1);
        assert!(tried.names.contains(&name), "{name}: {:?}", tried.names);
        assert!(tried.total.double_value(&[]) > 0.0, "{name}");
        assert!(slope(&tried, "encoder.") > 0.0, "{name} does not reach the encoder");
        assert!(slope(&tried, "transfer.") > 0.0, "{name} does not reach the transfer network");
        assert_eq!(slope(&tried, "decoder."), 0.0, "{name} reaches the decoder");
    }
}

#[test]
fn a_way_that_is_closed_lets_nothing_through() {
    for (name, config) in TERMS {
        let only = |ways: &str| terms(&experiment(&format!("{config}\ngradient = {ways}")), 1);
        let encoder = only("[\"encoder\"]");
        assert!(slope(&encoder, "encoder.") > 0.0, "{name}");
        assert_eq!(slope(&encoder, "transfer."), 0.0, "{name}");
        let codebook = only("[\"codebook\"]");
        assert_eq!(slope(&codebook, "encoder."), 0.0, "{name}");
        assert!(slope(&codebook, "transfer.") > 0.0, "{name}");
    }
    let neither = terms(&experiment("weight = 1.0\ngradient = []"), 1);
    assert_eq!(slope(&neither, "encoder.") + slope(&neither, "transfer."), 0.0);
    assert!(slope(&neither, "captions.translator.") > 0.0, "the module itself learns");
}

#[test]
fn the_schedule_opens_the_ways_and_changes_no_value() {
    let schedule = PathSchedule { start: 10, ramp: 20 };
    assert_eq!([1, 10, 20, 30, 99].map(|step| schedule.share(step)), [0.0, 0.0, 0.5, 1.0, 1.0]);
    assert_eq!([0, 1].map(|step| PathSchedule::default().share(step)), [0.0, 1.0]);

    let experiment = experiment("weight = 1.0\nschedule = { start = 10, ramp = 20 }");
    let [before, half, open] = [10, 20, 30].map(|step| terms(&experiment, step));
    assert!(before.total.equal(&open.total) && half.total.equal(&open.total));
    assert_eq!(slope(&before, "encoder."), 0.0);
    assert!(slope(&before, "captions.") > 0.0);
    let ratio = slope(&half, "encoder.") / slope(&open, "encoder.");
    assert!((ratio - 0.5).abs() < 1e-3, "{ratio}");
}

#[test]
fn an_image_without_caption_costs_nothing() {
    let experiment = experiment("weight = 1.0\nglobal = {}\nmasked = {}\nrelation = {}\nwords = {}");
    let prior = experiment.quantizer.load_prior().unwrap();
    let language = Arc::new(Language::embedded().unwrap());
    let state = TokenizerState::fresh(&experiment, prior, Device::Cpu).unwrap();
    let state = state.with_captions(&experiment, Some(&language)).unwrap();
    let images = Tensor::zeros([3, 3, 16, 16], (Kind::Float, Device::Cpu));
    let Encoded { latents, quantized } = state.tokenizer.quantize(&images, Mode::Train).unwrap();
    let head = state.captions.as_ref().unwrap();
    let none = [None, Some(String::new()), Some("  ".to_owned())];
    assert_eq!(head.encode(&none).unwrap(), [Vec::<i64>::new(), vec![], vec![]]);
    let total = head.terms(1, &latents, &quantized, &none).unwrap().total;
    assert_eq!(total.double_value(&[]), 0.0);
    total.backward();

    // Longer than the module reads: cut, and ended all the same. What the language lacks: unknown.
    let long = "a red apple and ".repeat(100);
    let [ids] = &head.encode(&[Some(long)]).unwrap()[..] else { panic!("one caption") };
    let special = language.vocabulary().map().special();
    assert_eq!((ids.len(), ids.last()), (CaptionConfig::default().max_tokens as usize + 1, Some(&special.end)));
    let strange = head.encode(&[Some("\u{1F92F}".to_owned())]).unwrap();
    assert_eq!(strange[0][1], special.unknown.unwrap());
}

#[test]
fn senseless_options_are_named() {
    let error = |captions: &str| {
        let experiment = experiment(captions);
        experiment.captions.unwrap().check(&experiment.quantizer).unwrap_err().to_string()
    };
    assert_eq!(error("weight = -1.0"), "config `captions.weight`: expected a finite number >= 0, got -1");
    assert!(error("words = { weight = -1.0 }").contains("`weight`"));
    let plain = crate::QuantizerConfig::Nearest { codes: 4, width: 4, matching: Default::default() };
    let words = CaptionsConfig { words: Some(Default::default()), ..Default::default() };
    let error = words.check(&plain).unwrap_err().to_string();
    assert!(error.contains("captions.words") && error.contains("codes that are no words"), "{error}");
}

/// Codes of one language model and captions of another are refused unless one says so.
#[test]
fn another_language_model_is_refused() {
    let experiment = experiment("");
    let prior = experiment.quantizer.load_prior().unwrap().unwrap();
    let embedded = Language::embedded().unwrap();
    let mut about = embedded.about().clone();
    about.model = "another-model".into();
    let tokenizer = embedded.tokenizer_json().to_owned();
    let ids = embedded.vocabulary().map().model_ids().to_vec();
    let other = Language::new(about, tokenizer, vlt_caption::TokenSelection::Ids(&ids), |_| {
        Ok::<_, vlt_caption::CaptionError>(embedded.embeddings())
    });
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("language.safetensors");
    std::fs::write(&path, other.unwrap().to_bytes().unwrap()).unwrap();
    let source = vq_data::EmojiSet::embedded().unwrap();
    let config = LanguageConfig { source: super::LanguageSource::File(path), ..Default::default() };
    let error = config.load(Some(&prior), &source).unwrap_err().to_string();
    assert!(error.contains("all-MiniLM-L6-v2") && error.contains("got `another-model`"), "{error}");
    let allowed = LanguageConfig { other_model: super::OtherModel::Allow, ..config };
    let cut = allowed.load(Some(&prior), &source).unwrap();
    assert!(cut.vocabulary().map().size() < embedded.vocabulary().map().size(), "only what captions use is kept");
}
