//! The paths of the captions' gradient into the tokenizer.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::Arc;

use tch::{Device, Kind, Tensor};
use vlt_caption::{CaptionConfig, Language};
use vq_core::Mode;
use vq_experiment::Experiment;
use vq_model::Encoded;
use vq_pipeline::{CaptionHead, TokenizerState};

use super::caption_terms;

/// VQCT without dropout, and the given options of captions.
fn experiment(captions: &str) -> Experiment {
    let text = format!(
        r#"
name = "tiny"
device = "cpu"
schedule = {{ learning_rate = 1e-3 }}
train = {{ steps = 1 }}
[data]
batch_size = 2
source = {{ kind = "emoji" }}
transform = {{ size = 16, background = "random" }}
[autoencoder]
channels = 32
multipliers = [1, 1, 1]
residual_blocks = 1
attention_factors = []
latent_channels = 8
[quantizer]
kind = "vqct"
prior = {{ source = "embedded" }}
transfer = {{ hidden = 8, dropout = 0.0 }}
codebook_dim = 4
[captions]
translator = {{ width = 16, heads = 2, layers = 1, neighbourhoods = 1, dropout = 0.0 }}
{captions}"#
    );
    toml::from_str(&text).unwrap()
}

const CAPTIONS: [&str; 2] = ["a small red apple", "two black cats left of a dog"];

/// The terms of two images after their backward pass.
struct Trial {
    state: TokenizerState,
    total: Tensor,
    names: Vec<&'static str>,
}

/// The terms of two images at a step; the backward pass leaves their gradients in the variables.
fn terms(experiment: &Experiment, step: u64) -> Trial {
    let prior = experiment.quantizer.load_prior().unwrap();
    let language = Language::embedded().unwrap().restrict(&CAPTIONS.map(str::to_owned)).unwrap();
    let state = TokenizerState::fresh(experiment, prior, Device::Cpu).unwrap();
    let state = state.with_captions(experiment, Some(&Arc::new(language))).unwrap();
    let images = Tensor::linspace(-1.0, 1.0, 2 * 3 * 16 * 16, (Kind::Float, Device::Cpu)).sin().view([2, 3, 16, 16]);
    let Encoded { latents, quantized } = state.tokenizer.quantize(&images, Mode::Train).unwrap();
    let captions = CAPTIONS.map(|caption| Some(caption.to_owned()));
    let head: &CaptionHead = state.captions.as_ref().unwrap();
    let terms = caption_terms(head, step, &latents, &quantized, &captions).unwrap();
    let names = terms.figures.iter().map(|(name, _)| *name).collect();
    terms.total.backward();
    Trial { total: terms.total.detach(), state, names }
}

/// The norm of the gradient of all variables whose names begin with `prefix`.
fn slope(trial: &Trial, prefix: &str) -> f64 {
    let variables = trial.state.store.variables();
    let own = variables.iter().filter(|(name, variable)| name.starts_with(prefix) && variable.grad().defined());
    own.map(|(_, variable)| variable.grad().square().sum(Kind::Double).double_value(&[])).sum::<f64>().sqrt()
}

/// Options with one term each, so that no term hides another.
const TERMS: [(&str, &str); 5] = [
    ("translation", "weight = 1.0"),
    ("global_alignment", "weight = 0.0\nglobal_alignment = { weight = 1.0 }"),
    ("masked_text", "weight = 0.0\nmasked_text = { weight = 1.0 }"),
    ("relation_alignment", "weight = 0.0\nrelation_alignment = { weight = 1.0 }"),
    ("word_supervision", "weight = 0.0\nword_supervision = { weight = 1.0 }"),
];

#[test]
fn gradient_of_each_term_reaches_encoder_and_transfer_network() {
    for (name, config) in TERMS {
        let trial = terms(&experiment(config), 1);
        assert!(trial.names.contains(&name), "{name}: {:?}", trial.names);
        assert!(trial.total.double_value(&[]) > 0.0, "{name}");
        assert!(slope(&trial, "encoder.") > 0.0, "{name} does not reach the encoder");
        assert!(slope(&trial, "transfer.") > 0.0, "{name} does not reach the transfer network");
        assert_eq!(slope(&trial, "decoder."), 0.0, "{name} reaches the decoder");
    }
}

#[test]
fn closed_path_has_no_gradient() {
    for (name, config) in TERMS {
        let only = |paths: &str| terms(&experiment(&format!("{config}\ngradient = {paths}")), 1);
        let encoder = only("[\"encoder\"]");
        assert!(slope(&encoder, "encoder.") > 0.0, "{name}");
        assert_eq!(slope(&encoder, "transfer."), 0.0, "{name}");
        let codebook = only("[\"codebook\"]");
        assert_eq!(slope(&codebook, "encoder."), 0.0, "{name}");
        assert!(slope(&codebook, "transfer.") > 0.0, "{name}");
    }
    let neither = terms(&experiment("weight = 1.0\ngradient = []"), 1);
    assert_eq!(slope(&neither, "encoder.") + slope(&neither, "transfer."), 0.0);
    assert!(slope(&neither, "captions.translator.") > 0.0, "the translator itself is not trained");
}

#[test]
fn schedule_scales_the_gradient_and_not_the_value() {
    let experiment = experiment("weight = 1.0\nschedule = { start = 10, ramp = 20 }");
    let [before, half, open] = [10, 20, 30].map(|step| terms(&experiment, step));
    assert!(before.total.equal(&open.total) && half.total.equal(&open.total));
    assert_eq!(slope(&before, "encoder."), 0.0);
    assert!(slope(&before, "captions.") > 0.0);
    let ratio = slope(&half, "encoder.") / slope(&open, "encoder.");
    assert!((ratio - 0.5).abs() < 1e-3, "{ratio}");
}

#[test]
fn image_without_caption_has_a_loss_of_zero() {
    let experiment = experiment(
        "weight = 1.0\nglobal_alignment = {}\nmasked_text = {}\nrelation_alignment = {}\nword_supervision = {}",
    );
    let prior = experiment.quantizer.load_prior().unwrap();
    let language = Arc::new(Language::embedded().unwrap());
    let state = TokenizerState::fresh(&experiment, prior, Device::Cpu).unwrap();
    let state = state.with_captions(&experiment, Some(&language)).unwrap();
    let images = Tensor::zeros([3, 3, 16, 16], (Kind::Float, Device::Cpu));
    let Encoded { latents, quantized } = state.tokenizer.quantize(&images, Mode::Train).unwrap();
    let head = state.captions.as_ref().unwrap();
    let none = [None, Some(String::new()), Some("  ".to_owned())];
    assert_eq!(head.encode(&none).unwrap(), [Vec::<i64>::new(), vec![], vec![]]);
    let total = caption_terms(head, 1, &latents, &quantized, &none).unwrap().total;
    assert_eq!(total.double_value(&[]), 0.0);
    total.backward();

    // A caption that is too long for the module is cut and ended; a token that the language lacks is unknown.
    let long = "a red apple and ".repeat(100);
    let [ids] = &head.encode(&[Some(long)]).unwrap()[..] else { panic!("one caption") };
    let special = language.vocabulary().map().special();
    assert_eq!((ids.len(), ids.last()), (CaptionConfig::default().max_tokens as usize + 1, Some(&special.end)));
    let strange = head.encode(&[Some("\u{1F92F}".to_owned())]).unwrap();
    assert_eq!(strange[0][1], special.unknown.unwrap());
}
