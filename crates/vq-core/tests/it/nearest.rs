use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    BetaPlacement, Codebook, CommitmentConfig, CoreError, FixedCodebook, LearnedCodebook, MatchConfig, Mode,
    NearestConfig, NearestQuantizer, Quantizer,
};

use crate::laws::{Laws, check_laws};
use crate::support::{codebook, ids, normal};

fn committed(commitment: CommitmentConfig) -> NearestConfig {
    NearestConfig { matching: MatchConfig { commitment, ..Default::default() }, ..Default::default() }
}

fn quantizer(codes: &[f32], dim: i64, commitment: CommitmentConfig) -> NearestQuantizer {
    let codes = Tensor::from_slice(codes).view([-1, dim]);
    let codebook = Box::new(FixedCodebook::new(&codes).unwrap());
    NearestQuantizer::new(codebook, committed(commitment)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_laws_hold(seed in 0_u64..1000, batch in 1_i64..4, dim in 1_i64..9, size in 1_i64..70, side in 1_i64..6) {
        let quantizer = NearestQuantizer::new(codebook(seed, size, dim), NearestConfig::default()).unwrap();
        check_laws(&quantizer, &normal(seed + 7, &[batch, dim, side, side + 1]), Laws::ALL);
    }
}

#[test]
fn beta_multiplies_the_commitment_term_unless_legacy() {
    // One latent with distance 2 from the only code: both terms are 4.
    for (placement, to_code, to_latent) in [(BetaPlacement::Commitment, 1.0, 0.25), (BetaPlacement::Legacy, 0.25, 1.0)]
    {
        let store = nn::VarStore::new(Device::Cpu);
        let learned = LearnedCodebook::new(&store.root(), 1, 1).unwrap();
        let code = learned.vectors(Mode::Train);
        let commitment = CommitmentConfig { beta: 0.25, placement };
        let quantizer = NearestQuantizer::new(Box::new(learned), committed(commitment)).unwrap();
        let latents = (code.detach() + 2.0).view([1, 1, 1, 1]).set_requires_grad(true);
        let loss = quantizer.quantize(&latents, Mode::Train).unwrap().loss;
        assert!((loss.double_value(&[]) - 5.0).abs() < 1e-5);
        loss.backward();
        // d/de (z - e)^2 = -4, d/dz = 4.
        assert!((code.grad().double_value(&[0, 0]) + 4.0 * to_code).abs() < 1e-5, "{placement:?}");
        assert!((latents.grad().double_value(&[0, 0, 0, 0]) - 4.0 * to_latent).abs() < 1e-5, "{placement:?}");
    }
}

#[test]
fn the_nearest_code_is_chosen() {
    let quantizer = quantizer(&[0.0, 0.0, 1.0, 1.0, 5.0, 5.0], 2, CommitmentConfig::default());
    let latents = Tensor::from_slice(&[0.9_f32, 4.0, 0.8, 9.0]).view([1, 2, 1, 2]); // (0.9, 0.8) and (4, 9)
    let quantized = quantizer.quantize(&latents, Mode::Eval).unwrap();
    assert_eq!(Vec::<i64>::try_from(quantized.indices.view(-1)).unwrap(), [1, 2]);
}

#[test]
fn invalid_latents_and_ids_are_errors() {
    let quantizer = quantizer(&[0.0, 1.0, 2.0], 1, CommitmentConfig::default());
    let error = quantizer.quantize(&normal(1, &[1, 2, 3, 3]), Mode::Eval).unwrap_err();
    assert_eq!(error.to_string(), "NearestQuantizer::quantize: expected shape [B, 1, H, W], got [1, 2, 3, 3]");
    let error = quantizer.lookup(&ids(&[0, 3], &[1, 1, 2, 1])).unwrap_err();
    assert_eq!(error.to_string(), "NearestQuantizer::lookup: expected ids of slot 0 (code) in 0..3, got 3");
    let error = quantizer.lookup(&ids(&[0, -1], &[1, 1, 2, 1])).unwrap_err();
    assert!(matches!(error, CoreError::Id { got: -1, .. }), "{error}");
    let error = quantizer.lookup(&ids(&[0, 1], &[1, 1, 2, 1]).to_kind(Kind::Float)).unwrap_err();
    assert!(matches!(error, CoreError::Dtype { .. }), "{error}");
    let error = quantizer.lookup(&ids(&[0, 1], &[1, 2, 1])).unwrap_err();
    assert!(matches!(error, CoreError::Shape { .. }), "{error}");
}

#[test]
fn invalid_options_are_errors() {
    let commitment = CommitmentConfig { beta: -1.0, ..Default::default() };
    let error = NearestQuantizer::new(codebook(1, 3, 3), committed(commitment)).unwrap_err();
    assert_eq!(error.to_string(), "NearestQuantizer::new: expected a finite beta >= 0, got -1");
    let store = nn::VarStore::new(Device::Cpu);
    assert!(LearnedCodebook::new(&store.root(), 0, 4).is_err());
    assert!(FixedCodebook::new(&normal(1, &[3])).is_err());
}

#[test]
fn the_learned_codebook_registers_weight() {
    let store = nn::VarStore::new(Device::Cpu);
    LearnedCodebook::new(&store.root(), 4, 2).unwrap();
    assert_eq!(store.variables().keys().collect::<Vec<_>>(), ["weight"]);
}
