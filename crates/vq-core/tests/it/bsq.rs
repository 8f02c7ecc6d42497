use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_core::{BitEntropyConfig, BsqConfig, BsqQuantizer, Mode, Quantizer};

use crate::laws::{Laws, check_laws};
use crate::lfq::entropy;
use crate::oracle::assert_close;
use crate::support::normal;

fn quantizer(bits: i64, commitment: f64, entropy: BitEntropyConfig) -> BsqQuantizer {
    BsqQuantizer::new(BsqConfig { bits, bits_per_id: 5, commitment, entropy }).unwrap()
}

fn silent(bits: i64) -> BsqQuantizer {
    quantizer(bits, 0.0, entropy(0.0, 1.0, 1.0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_laws_hold(seed in 0_u64..1000, bits in 1_i64..12, batch in 1_i64..4, side in 1_i64..5, term in 0_usize..3) {
        // One term at a time: if two terms cancel, the last digits of the sum are arbitrary.
        let (commitment, weight, per_sample, gamma) =
            [(0.5, 0.0, 1.0, 1.0), (0.0, 1.0, 1.0, 0.0), (0.0, 1.0, 0.0, 1.0)][term];
        let quantizer = quantizer(bits, commitment, entropy(weight, per_sample, gamma));
        // In one dimension, every point of the sphere is a code.
        let laws = Laws { identity_gradient: false, loss_zero_on_codes: term == 0 && bits > 1, ..Laws::ALL };
        check_laws(&quantizer, &normal(seed, &[batch, bits, side, side + 1]), laws);
    }

    #[test]
    fn the_gradient_is_that_of_the_normalization(seed in 0_u64..1000, bits in 1_i64..12, length in -20_i32..20) {
        let factor = 10.0_f64.powi(length);
        let plain = normal(seed, &[6, bits]).to_kind(Kind::Double);
        let latents = (&plain * factor).to_kind(Kind::Float).view([6, bits, 1, 1]).set_requires_grad(true);
        let quantized = silent(bits).quantize(&latents, Mode::Train).unwrap();
        let upstream = normal(seed + 1, &[6, bits]).to_kind(Kind::Double);
        (quantized.codes * upstream.view([6, bits, 1, 1]).to_kind(Kind::Float)).sum(Kind::Float).backward();
        let norm = plain.norm_scalaropt_dim(2.0, [1_i64], true);
        let unit = &plain / &norm;
        let expected = (&upstream - &unit * (&unit * &upstream).sum_dim_intlist(1, true, Kind::Double)) / &norm;
        let ours = latents.grad().view([6, bits]).to_kind(Kind::Double) * factor;
        let error = ((ours - expected) * norm).abs().max().double_value(&[]);
        prop_assert!(error < 1e-5, "the gradient differs by {error}");
    }

    #[test]
    fn codes_do_not_depend_on_the_length_of_a_latent(seed in 0_u64..1000, bits in 1_i64..12, length in -30_i32..31) {
        let quantizer = quantizer(bits, 0.5, entropy(1.0, 1.0, 0.5));
        let latents = normal(seed, &[2, bits, 2, 2]);
        let plain = quantizer.quantize(&latents, Mode::Eval).unwrap();
        let scaled = quantizer.quantize(&(latents * 10.0_f64.powi(length)), Mode::Eval).unwrap();
        prop_assert!(scaled.indices.equal(&plain.indices) && scaled.codes.equal(&plain.codes));
        assert_close(&scaled.loss, &plain.loss, 1e-5, "loss");
    }

    #[test]
    fn every_id_has_its_own_code_of_length_one(bits in 1_i64..11) {
        let quantizer = BsqQuantizer::new(BsqConfig { bits, ..Default::default() }).unwrap();
        let all = Tensor::arange(1_i64 << bits, (Kind::Int64, Device::Cpu)).view([1, 1, -1, 1]);
        let codes = quantizer.lookup(&all).unwrap();
        prop_assert!(quantizer.quantize(&codes, Mode::Eval).unwrap().indices.equal(&all));
        let lengths = codes.square().sum_dim_intlist(1, false, Kind::Double).sqrt();
        assert_close(&lengths, &lengths.ones_like(), 1e-6, "lengths");
    }
}

#[test]
fn a_zero_latent_has_a_code_and_zero_gradient() {
    for value in [0.0_f64, -0.0, 1e-42] {
        let latents = Tensor::full([1, 6, 1, 2], value, (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let quantizer = quantizer(6, 0.5, entropy(1.0, 1.0, 0.5));
        let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
        let length = quantized.codes.select(3, 0).norm().double_value(&[]);
        assert!((length - 1.0).abs() < 1e-6);
        assert!(quantized.loss.double_value(&[]).is_finite());
        (quantized.codes.sum(Kind::Float) + quantized.loss).backward();
        assert_eq!(latents.grad().abs().max().double_value(&[]), 0.0);
    }
}

#[test]
fn the_published_configuration_splits_36_bits_into_two_ids() {
    let quantizer = BsqQuantizer::new(BsqConfig { bits: 36, ..Default::default() }).unwrap();
    let layout = quantizer.layout();
    assert_eq!((layout.channels, layout.codes, layout.slots.len()), (36, 2 << 18, 2));
    let latents = normal(2, &[2, 36, 4, 4]).set_requires_grad(true);
    let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
    assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
    // For 32 latents, the mean entropy is below the entropy of the mean.
    assert!(quantized.loss.double_value(&[]) < 0.0);
    quantized.loss.backward();
    assert!(latents.grad().abs().max().double_value(&[]) > 0.0);
}

#[test]
fn invalid_options_are_errors() {
    let refused = |config: BsqConfig| BsqQuantizer::new(config).unwrap_err().to_string();
    let message = refused(BsqConfig { bits: -3, ..Default::default() });
    assert_eq!(message, "BsqQuantizer::new: expected 1 to 65536 bits, got -3");
    assert!(refused(BsqConfig { commitment: -1.0, ..Default::default() }).contains("commitment weight >= 0, got -1"));
    assert!(refused(BsqConfig { entropy: entropy(-1.0, 1.0, 1.0), ..Default::default() }).contains("got -1"));
}
