//! Errors name what does not fit.

use tch::{Device, Kind, Tensor, nn};
use vlt_caption::{BeamConfig, CaptionBatch, CaptionConfig, CaptionDecoder, Captioner, SampleConfig, SpecialTokens};
use vq_core::Mode;

use crate::support::{SPECIAL, codes, small, small_config};

#[track_caller]
fn check<T>(result: Result<T, impl Into<vlt_caption::CaptionError>>, expected: &str) {
    assert_eq!(result.err().unwrap().into().to_string(), expected);
}

#[test]
fn options() {
    let table = Tensor::ones([12, 5], (Kind::Float, Device::Cpu));
    let new = |config: CaptionConfig, table: &Tensor| {
        let store = nn::VarStore::new(Device::Cpu);
        CaptionDecoder::new(&store.root(), 6, &config, table)
    };
    let config = small_config;
    check(
        new(CaptionConfig { heads: 3, ..config() }, &table),
        "CaptionConfig: expected `heads` to divide the width of 8, got 3",
    );
    check(new(CaptionConfig { width: 0, ..config() }, &table), "CaptionConfig: expected `width` to be positive, got 0");
    check(new(CaptionConfig { dropout: 1.0, ..config() }, &table), "CaptionConfig: expected `dropout` in 0..1, got 1");
    check(
        new(CaptionConfig { label_smoothing: f64::NAN, ..config() }, &table),
        "CaptionConfig: expected `label_smoothing` in 0..1, got NaN",
    );
    check(
        new(config(), &(&table * f64::NAN)),
        "CaptionDecoder::new: expected `embeddings` to be finite and not all zero, got a root mean square of NaN",
    );
    check(
        new(config(), &table.get(0)),
        "CaptionDecoder::new: expected embeddings of shape [V, E] with V, E >= 1, got [5]",
    );
    check(BeamConfig { beams: 0, ..Default::default() }.check(), "BeamConfig: expected `beams` to be positive, got 0");
    check(
        BeamConfig { length_penalty: -1.0, ..Default::default() }.check(),
        "BeamConfig: expected `length_penalty` to be finite and 0 or more, got -1",
    );
    check(
        SampleConfig { temperature: 0.0, ..Default::default() }.check(),
        "SampleConfig: expected `temperature` to be finite and positive, got 0",
    );
    check(
        SampleConfig { top_k: Some(0), ..Default::default() }.check(),
        "SampleConfig: expected `top_k` to be positive, got 0",
    );
    check(
        SampleConfig { top_p: 0.0, ..Default::default() }.check(),
        "SampleConfig: expected `top_p` in 0..=1 and not 0, got 0",
    );
}

#[test]
fn codes_and_captions() {
    let small = small(1, 1.0);
    let ids = |ids: &[i64]| Tensor::from_slice(ids).view([1, -1]);
    let loss = |codes: &Tensor, ids: Tensor, length: i64| {
        small.decoder.loss(codes, &CaptionBatch { ids, lengths: Tensor::from_slice(&[length]) }, Mode::Eval)
    };
    let one = codes(1, 1);
    check(
        loss(&one.narrow(1, 0, 5), ids(&[0, 1]), 2),
        "CaptionDecoder::encode: expected codes of shape [B, 6, 1..=4, 1..=4], got [1, 5, 3, 2]",
    );
    check(
        loss(&one.to_kind(Kind::Int64), ids(&[0, 1]), 2),
        "CaptionDecoder::encode: expected codes of dtype Float, Double, Half or BFloat16, got Int64",
    );
    check(loss(&one, ids(&[0, 12]), 2), "CaptionDecoder::loss: expected token ids in 0..12, got 12");
    check(loss(&one, ids(&[0, 1]), 3), "CaptionDecoder::loss: expected caption lengths in 0..3, got 3");
    check(
        loss(&one, Tensor::zeros([1, 11], (Kind::Int64, Device::Cpu)), 3),
        "CaptionDecoder::loss: expected token ids of shape [1, 1..=10], got [1, 11]",
    );
    check(
        loss(&one, ids(&[0, 1]).to_kind(Kind::Int), 2),
        "CaptionDecoder::loss: expected token ids of dtype Int64, got Int",
    );
}

#[test]
fn decoding() {
    let small = small(1, 1.0);
    check(Captioner::new(&small.decoder, SPECIAL, 10), "Captioner::new: expected `limit` in 1..=9, got 10");
    let end = SpecialTokens { end: 12, ..SPECIAL };
    check(Captioner::new(&small.decoder, end, 4), "Captioner::new: expected `end` in 0..12, got 12");
    let captioner = Captioner::new(&small.decoder, SPECIAL, 4).unwrap();
    let memory = small.decoder.encode(&codes(1, 2), Mode::Eval).unwrap();
    check(
        captioner.sample(&memory, &[1], &SampleConfig::default()),
        "Captioner::sample: expected `seeds` to be 2, one for each image, got 1",
    );
    let mut cache = small.decoder.start(&memory, 1).unwrap();
    check(
        small.decoder.step(&mut cache, &Tensor::from_slice(&[0_i64])),
        "CaptionDecoder::step: expected token ids of shape [2], got [1]",
    );
    let begin = Tensor::from_slice(&[0_i64, 0]);
    for _ in 0..9 {
        let _ = small.decoder.step(&mut cache, &begin).unwrap();
    }
    check(
        small.decoder.step(&mut cache, &begin),
        "CaptionDecoder::step: expected the number of tokens read in 0..9, got 9",
    );
}

#[test]
fn nan_scores_are_an_error() {
    let small = small(1, 1.0);
    let memory = small.decoder.encode(&(codes(1, 2) * f64::NAN), Mode::Eval).unwrap();
    let captioner = Captioner::new(&small.decoder, SPECIAL, 4).unwrap();
    let expected = "Captioner: expected finite scores of tokens, got NaN for image 0";
    check(captioner.greedy(&memory), expected);
    // The score of a token drawn from NaN probabilities is NaN or minus infinity.
    let drawn = captioner.sample(&memory, &[1, 2], &SampleConfig::default()).unwrap_err().to_string();
    assert!(drawn.starts_with("Captioner: expected finite scores of tokens, got "), "{drawn}");
    let expected = "Captioner::beam: expected finite scores of tokens, got NaN for image 0";
    check(captioner.beam(&memory, &BeamConfig { beams: 1, ..Default::default() }), expected);
}
