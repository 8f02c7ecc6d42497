//! The options that quantizers share, each compared with its formula.

use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    BetaPlacement, CommitmentConfig, CoreError, Distance, FixedCodebook, GradientEstimator, LearnedCodebook,
    MatchConfig, Mode, NearestConfig, NearestQuantizer, OrthogonalityConfig, Quantizer, SamplingConfig,
};

use crate::oracle::{assert_close, assign, golden, train};
use crate::support::{codebook, normal};

fn learned(codes: &Tensor, matching: MatchConfig) -> (nn::VarStore, NearestQuantizer) {
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = LearnedCodebook::new(&store.root(), codes.size()[0], codes.size()[1]).unwrap();
    assign(&store, "weight", codes);
    (store, NearestQuantizer::new(Box::new(codebook), NearestConfig { matching, ..Default::default() }).unwrap())
}

#[test]
fn loss_and_gradients_equal_vq_vae() {
    let golden = golden("codebooks.safetensors");
    for (name, placement) in [("commitment", BetaPlacement::Commitment), ("legacy", BetaPlacement::Legacy)] {
        let commitment = CommitmentConfig { beta: 0.25, placement };
        let (store, quantizer) = learned(&golden["vqvae.codes"], MatchConfig { commitment, ..Default::default() });
        let pass = train(&quantizer, &golden["vqvae.latents"], &golden["vqvae.upstream"]);
        assert!(pass.indices.squeeze_dim(3).equal(&golden["vqvae.ids"]));
        assert_close(&pass.loss, &golden[&format!("vqvae.{name}.loss")], 1e-6, name);
        assert_close(&pass.latents_grad, &golden[&format!("vqvae.{name}.latents.grad")], 1e-5, name);
        assert_close(&store.variables()["weight"].grad(), &golden[&format!("vqvae.{name}.codes.grad")], 1e-6, name);
    }
}

#[test]
fn passes_equal_vector_quantize_pytorch() {
    let golden = golden("vector_quantize.safetensors");
    let passes = [
        ("l2", Distance::L2, GradientEstimator::StraightThrough),
        ("rotation", Distance::L2, GradientEstimator::Rotation),
        ("cosine", Distance::Cosine, GradientEstimator::StraightThrough),
    ];
    for (name, distance, gradient) in passes {
        let expected = |key: &str| &golden[&format!("{name}.{key}")];
        let (_store, quantizer) = learned(&golden["codes"], MatchConfig { distance, gradient, ..Default::default() });
        let pass = train(&quantizer, &golden["latents"], &golden["upstream"]);
        assert!(pass.indices.squeeze_dim(3).equal(expected("ids")), "{name}");
        assert_close(&pass.codes, expected("quantized"), 1e-5, name);
        // The reference has the commitment term alone. This crate adds four times the codebook term, which has the same
        // value.
        assert_close(&pass.loss, &(expected("loss") * 5.0), 1e-5, name);
        assert_close(&pass.latents_grad, expected("latents.grad"), 1e-5, name);
    }
}

#[test]
fn gradients_of_a_learned_codebook_equal_vector_quantize_pytorch() {
    // The single term of the reference, with weight 1, has the gradients of our two terms.
    let golden = golden("vector_quantize.safetensors");
    let commitment = CommitmentConfig { beta: 1.0, ..Default::default() };
    let (store, quantizer) = learned(&golden["codes"], MatchConfig { commitment, ..Default::default() });
    let pass = train(&quantizer, &golden["latents"], &golden["upstream"]);
    assert_close(&pass.loss, &(&golden["learned.loss"] * 2.0), 1e-5, "loss");
    assert_close(&pass.latents_grad, &golden["learned.latents.grad"], 1e-5, "gradient of the latents");
    assert_close(&store.variables()["weight"].grad(), &golden["learned.codes.grad"], 1e-6, "gradient of the codes");
}

fn sampled(codes: &Tensor, top_k: i64, temperature: f64, distance: Distance) -> NearestQuantizer {
    let sampling = Some(SamplingConfig { temperature });
    let matching = MatchConfig { sampling, distance, ..Default::default() };
    let codebook = Box::new(FixedCodebook::new(codes).unwrap());
    NearestQuantizer::new(codebook, NearestConfig { top_k, matching }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn permuted_codes_get_permuted_ids(seed in 0_u64..1000, size in 1_i64..40, cosine in any::<bool>()) {
        let distance = if cosine { Distance::Cosine } else { Distance::L2 };
        let matching = MatchConfig { distance, ..Default::default() };
        let codes = normal(seed, &[size, 4]);
        let order = normal(seed + 1, &[size]).argsort(0, false);
        let latents = normal(seed + 2, &[2, 4, 3, 3]);
        let plain = learned(&codes, matching.clone()).1.quantize(&latents, Mode::Eval).unwrap();
        let permuted = learned(&codes.index_select(0, &order), matching).1.quantize(&latents, Mode::Eval).unwrap();
        let back = order.index_select(0, &permuted.indices.view(-1)).view_as(&plain.indices);
        prop_assert!(back.equal(&plain.indices));
        prop_assert!(permuted.codes.equal(&plain.codes));
    }

    #[test]
    fn sampling_at_low_temperature_takes_the_nearest(seed in 0_u64..1000, size in 1_i64..30, top_k in 1_i64..4, cosine in any::<bool>()) {
        let distance = if cosine { Distance::Cosine } else { Distance::L2 };
        let quantizer = sampled(&normal(seed, &[size, 4]), top_k.min(size), 1e-7, distance);
        let latents = normal(seed + 1, &[2, 4, 3, 3]);
        let drawn = quantizer.quantize(&latents, Mode::Train).unwrap();
        let nearest = quantizer.quantize(&latents, Mode::Eval).unwrap();
        // Compares distances: two codes can be closer than the noise.
        let far = |codes: &Tensor| (&latents - codes).square().sum_dim_intlist(1, false, Kind::Double);
        assert_close(&far(&drawn.codes), &far(&nearest.codes), 1e-3, "the distance");
        if size > 1 {
            let same = drawn.indices.eq_tensor(&nearest.indices).to_kind(Kind::Double).mean(Kind::Double);
            prop_assert!(same.double_value(&[]) > 0.9);
        }
    }

    #[test]
    fn sampled_codes_are_distinct_and_decode(seed in 0_u64..1000, size in 1_i64..12, top_k in 1_i64..6) {
        let top_k = top_k.min(size);
        let quantizer = sampled(&normal(seed, &[size, 3]), top_k, 5.0, Distance::L2);
        let drawn = quantizer.quantize(&normal(seed + 1, &[2, 3, 4, 4]), Mode::Train).unwrap();
        prop_assert!(quantizer.lookup(&drawn.indices).unwrap().equal(&drawn.codes));
        let sorted = drawn.indices.sort(3, false).0;
        let steps = sorted.narrow(3, 1, top_k - 1) - sorted.narrow(3, 0, top_k - 1);
        prop_assert!(steps.numel() == 0 || steps.min().int64_value(&[]) > 0, "a code is sampled twice");
    }

    #[test]
    fn orthogonality_is_the_mean_squared_cosine(seed in 0_u64..1000, size in 1_i64..20, dim in 1_i64..8) {
        let codes = normal(seed, &[size, dim]);
        let unit = codes.to_kind(Kind::Double) / codes.to_kind(Kind::Double).norm_scalaropt_dim(2.0, [1_i64], true);
        let cosines = unit.matmul(&unit.transpose(0, 1));
        let expected = (cosines.square().sum(Kind::Double) / (size * size) as f64 - 1.0 / size as f64) * 3.0;
        assert_close(&orthogonality(&codes, 3.0), &expected, 1e-5, "the term");
    }
}

#[test]
fn sampling_frequencies_follow_the_distances() {
    let (side, temperature) = (150, 0.7);
    let codes = Tensor::from_slice(&[0.0_f32, 0.5, 1.0, -1.5, 3.0]).view([5, 1]);
    let latents = Tensor::full([1, 1, side, side], 0.25, (Kind::Float, Device::Cpu));
    let drawn = sampled(&codes, 1, temperature, Distance::L2).quantize(&latents, Mode::Train).unwrap().indices;
    let total = (side * side) as f64;
    let shares = drawn.view(-1).bincount::<Tensor>(None, 5).to_kind(Kind::Double) / total;
    let distances = (codes.view(-1).to_kind(Kind::Double) - 0.25).square();
    let expected = (distances / -temperature).softmax(0, Kind::Double);
    for code in 0..5 {
        let (share, expected) = (shares.double_value(&[code]), expected.double_value(&[code]));
        let deviation = (expected * (1.0 - expected) / total).sqrt();
        assert!((share - expected).abs() < 6.0 * deviation, "code {code}: {share}, not {expected}");
    }
}

#[test]
fn evaluation_does_not_sample() {
    let quantizer = sampled(&normal(1, &[50, 3]), 1, 10.0, Distance::L2);
    let latents = normal(2, &[2, 3, 5, 5]);
    let plain = NearestQuantizer::new(codebook(1, 50, 3), NearestConfig::default()).unwrap();
    let expected = plain.quantize(&latents, Mode::Eval).unwrap().indices;
    assert!(quantizer.quantize(&latents, Mode::Eval).unwrap().indices.equal(&expected));
    assert!(!quantizer.quantize(&latents, Mode::Train).unwrap().indices.equal(&expected));
}

/// The orthogonality term alone: without latents, the other terms are zero.
fn orthogonality(codes: &Tensor, weight: f64) -> Tensor {
    let orthogonality = Some(OrthogonalityConfig { weight });
    let (_store, quantizer) = learned(codes, MatchConfig { orthogonality, ..Default::default() });
    let none = Tensor::zeros([0, codes.size()[1], 2, 2], (Kind::Float, Device::Cpu));
    quantizer.quantize(&none, Mode::Train).unwrap().loss
}

#[test]
fn orthogonality_equals_vector_quantize_pytorch() {
    let golden = golden("vector_quantize.safetensors");
    assert_close(&orthogonality(&golden["codes"], 1.0), &golden["orthogonality"], 1e-6, "the term");
}

#[test]
fn orthonormal_codes_have_zero_orthogonality_loss_and_others_a_gradient() {
    let (orthonormal, _) = Tensor::linalg_qr(&normal(1, &[6, 6]), "reduced");
    for size in 1..7 {
        let loss = orthogonality(&(orthonormal.narrow(0, 0, size) * 3.0), 1.0).double_value(&[]);
        assert!(loss.abs() < 1e-6, "{size} codes: {loss}");
    }
    let orthogonality = Some(OrthogonalityConfig { weight: 1.0 });
    let (store, quantizer) = learned(&normal(1, &[5, 3]), MatchConfig { orthogonality, ..Default::default() });
    quantizer.quantize(&normal(1, &[0, 3, 1, 1]), Mode::Train).unwrap().loss.backward();
    assert!(store.variables()["weight"].grad().abs().max().double_value(&[]) > 0.0);
}

#[test]
fn invalid_options_are_errors() {
    let refused = |matching: MatchConfig| {
        let config = NearestConfig { matching, ..Default::default() };
        NearestQuantizer::new(codebook(1, 3, 3), config).unwrap_err()
    };
    for value in [-1.0, f64::NAN, f64::INFINITY] {
        let sampling = Some(SamplingConfig { temperature: value });
        assert!(matches!(refused(MatchConfig { sampling, ..Default::default() }), CoreError::Option { .. }));
        let orthogonality = Some(OrthogonalityConfig { weight: value });
        assert!(matches!(refused(MatchConfig { orthogonality, ..Default::default() }), CoreError::Option { .. }));
    }
    let sampling = Some(SamplingConfig { temperature: 0.0 });
    assert!(refused(MatchConfig { sampling, ..Default::default() }).to_string().contains("temperature > 0, got 0"));
}
