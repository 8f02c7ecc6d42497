use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    BetaPlacement, Codebook, CommitmentConfig, CoreError, GradientEstimator, MatchConfig, Mode, NearestConfig,
    NearestQuantizer, ProjectedCodebook, SimVqCodebook, SimVqConfig,
};

use crate::laws::{Laws, check_laws};
use crate::oracle::{assert_close, assign, golden, names, train};
use crate::support::normal;

fn quantizer(codebook: impl Codebook + 'static, matching: MatchConfig) -> NearestQuantizer {
    NearestQuantizer::new(Box::new(codebook), NearestConfig { matching, ..Default::default() }).unwrap()
}

#[test]
fn vqgan_lc_equals_the_equations() {
    let golden = golden("codebooks.safetensors");
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = ProjectedCodebook::new(&store.root(), &golden["lc.frozen"], 4).unwrap();
    assign(&store, "projection.weight", &golden["lc.weight"]);
    assign(&store, "projection.bias", &golden["lc.bias"]);
    assert_close(&codebook.vectors(Mode::Train), &golden["lc.codes"], 1e-5, "codes");
    let commitment = CommitmentConfig { beta: 0.33, placement: BetaPlacement::Legacy };
    let quantizer = quantizer(codebook, MatchConfig { commitment, ..Default::default() });
    let pass = train(&quantizer, &golden["lc.latents"], &golden["lc.upstream"]);
    assert!(pass.indices.squeeze_dim(3).equal(&golden["lc.ids"]));
    assert_close(&pass.loss, &golden["lc.loss"], 1e-5, "loss");
    assert_close(&pass.latents_grad, &golden["lc.latents.grad"], 1e-5, "gradient of the latents");
    for name in ["weight", "bias"] {
        let grad = store.variables()[&format!("projection.{name}")].grad();
        assert_close(&grad, &golden[&format!("lc.{name}.grad")], 1e-5, name);
    }
}

#[test]
fn simvq_equals_vector_quantize_pytorch() {
    let golden = golden("vector_quantize.safetensors");
    for (name, gradient) in
        [("simvq", GradientEstimator::StraightThrough), ("simvq-rotation", GradientEstimator::Rotation)]
    {
        let expected = |key: &str| &golden[&format!("{name}.{key}")];
        let store = nn::VarStore::new(Device::Cpu);
        let codebook = SimVqCodebook::new(&store.root(), 12, 5, SimVqConfig::default()).unwrap();
        assign(&store, "frozen", expected("frozen"));
        assign(&store, "projection.weight", expected("weight"));
        let quantizer = quantizer(codebook, MatchConfig { gradient, ..Default::default() });
        let pass = train(&quantizer, &golden["latents"], &golden["upstream"]);
        assert!(pass.indices.squeeze_dim(3).equal(expected("ids")), "{name}");
        assert_close(&pass.codes, expected("quantized"), 1e-5, name);
        assert_close(&pass.loss, expected("loss"), 1e-5, name);
        assert_close(&pass.latents_grad, expected("latents.grad"), 1e-5, name);
        assert_close(&store.variables()["projection.weight"].grad(), expected("weight.grad"), 1e-5, name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_laws_hold(seed in 0_u64..1000, inputs in 1_i64..8, dim in 1_i64..6, size in 1_i64..30, side in 1_i64..4, bias in any::<bool>()) {
        let latents = normal(seed + 1, &[2, dim, side, side]);
        let store = nn::VarStore::new(Device::Cpu);
        let codebook = ProjectedCodebook::new(&store.root(), &normal(seed, &[size, inputs]), dim).unwrap();
        check_laws(&quantizer(codebook, MatchConfig::default()), &latents, Laws::ALL);
        let store = nn::VarStore::new(Device::Cpu);
        let codebook = SimVqCodebook::new(&store.root(), size, dim, SimVqConfig { bias }).unwrap();
        check_laws(&quantizer(codebook, MatchConfig::default()), &latents, Laws::ALL);
    }
}

#[test]
fn frozen_codes_are_stored_but_not_trained() {
    let store = nn::VarStore::new(Device::Cpu);
    let frozen = normal(1, &[6, 4]);
    let codebook = ProjectedCodebook::new(&store.root(), &frozen, 3).unwrap();
    assert_eq!(names(&store), ["frozen", "projection.bias", "projection.weight"]);
    assert_eq!(store.trainable_variables().len(), 2);
    assert!(store.variables()["frozen"].equal(&frozen));
    // The codebook has a copy: later changes of the given tensor have no effect.
    let before = codebook.vectors(Mode::Eval);
    let _ = frozen.shallow_clone().zero_();
    assert!(codebook.vectors(Mode::Eval).equal(&before));

    for (bias, expected) in
        [(false, vec!["frozen", "projection.weight"]), (true, vec!["frozen", "projection.bias", "projection.weight"])]
    {
        let store = nn::VarStore::new(Device::Cpu);
        SimVqCodebook::new(&store.root(), 6, 3, SimVqConfig { bias }).unwrap();
        assert_eq!(names(&store), expected);
    }
}

#[test]
fn a_gradient_to_one_code_moves_all_codes() {
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = SimVqCodebook::new(&store.root(), 20, 3, SimVqConfig::default()).unwrap();
    let before = codebook.vectors(Mode::Train);
    before.get(0).sum(Kind::Float).backward();
    let mut weight = store.variables()["projection.weight"].shallow_clone();
    tch::no_grad(|| weight.copy_(&(&weight - weight.grad() * 0.1)));
    let moved = (codebook.vectors(Mode::Train) - before).abs().sum_dim_intlist(1, false, Kind::Float);
    assert!(moved.gt(0.0).all().int64_value(&[]) == 1, "{moved:?}");
}

#[test]
fn initial_weights_have_the_published_standard_deviation() {
    let store = nn::VarStore::new(Device::Cpu);
    SimVqCodebook::new(&store.root(), 4000, 64, SimVqConfig::default()).unwrap();
    let spread = |name: &str| store.variables()[name].std(true).double_value(&[]);
    assert!((spread("frozen") * 8.0 - 1.0).abs() < 0.02, "{}", spread("frozen"));
    assert!((spread("projection.weight") * 8.0 * 3.0_f64.sqrt() - 1.0).abs() < 0.06);
    let store = nn::VarStore::new(Device::Cpu);
    ProjectedCodebook::new(&store.root(), &normal(1, &[3, 256]), 64).unwrap();
    let weight = store.variables()["projection.weight"].std(true).double_value(&[]);
    assert!((weight * 8.0 - 1.0).abs() < 0.05, "{weight}");
    assert!(store.variables()["projection.bias"].abs().max().double_value(&[]) <= 1.0 / 16.0);
}

#[test]
fn invalid_options_are_errors() {
    let store = nn::VarStore::new(Device::Cpu);
    let refused = |frozen: &Tensor, dim| ProjectedCodebook::new(&store.root(), frozen, dim).unwrap_err();
    assert_eq!(refused(&normal(1, &[3]), 2).to_string(), "ProjectedCodebook::new: expected shape [K, F], got [3]");
    assert!(matches!(refused(&normal(1, &[3, 2]), 0), CoreError::Option { .. }));
    assert!(matches!(refused(&normal(1, &[0, 2]), 2), CoreError::Option { .. }));
    assert!(matches!(refused(&normal(1, &[3, 2]).to_kind(Kind::Int64), 2), CoreError::Dtype { .. }));
    assert!(matches!(refused(&(normal(1, &[3, 2]) / 0.0), 2), CoreError::NotFinite { .. }));
    assert!(SimVqCodebook::new(&store.root(), 0, 2, SimVqConfig::default()).is_err());
    assert!(store.is_empty(), "a failed constructor leaves variables behind");
}
