use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{CoreError, GumbelConfig, GumbelQuantizer, LearnedCodebook, Mode, Quantizer};

use crate::laws::{Laws, check_laws};
use crate::oracle::{assert_close, golden};
use crate::support::{codebook, ids, normal};

/// Parameters that do not depend on torch's generator, which concurrent tests share.
fn quantizer(seed: u64, size: i64, dim: i64, config: GumbelConfig) -> GumbelQuantizer {
    let store = nn::VarStore::new(Device::Cpu);
    let quantizer = GumbelQuantizer::new(&store.root(), codebook(seed, size, dim), config).unwrap();
    for (index, mut parameter) in store.variables().into_values().enumerate() {
        tch::no_grad(|| parameter.copy_(&normal(seed + 31 + index as u64, &parameter.size())));
    }
    quantizer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_laws_hold(seed in 0_u64..1000, batch in 1_i64..4, dim in 1_i64..9, size in 1_i64..40, side in 1_i64..6) {
        let laws = Laws { identity_gradient: false, fixed_points: false, loss_zero_on_codes: false, ..Laws::ALL };
        let quantizer = quantizer(seed, size, dim, GumbelConfig { kl_weight: 1.0, ..Default::default() });
        check_laws(&quantizer, &normal(seed + 7, &[batch, dim, side, side + 1]), laws);
    }

    #[test]
    fn sampled_ids_decode_to_the_codes(
        seed in 0_u64..1000,
        dim in 1_i64..9,
        size in 1_i64..40,
        temperature in 0.01_f64..4.0,
    ) {
        let quantizer = quantizer(seed, size, dim, GumbelConfig { temperature, ..Default::default() });
        let latents = normal(seed + 7, &[2, dim, 3, 4]).set_requires_grad(true);
        let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
        quantizer.layout().check_indices("drawn ids", &quantized.indices).unwrap();
        prop_assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
        quantized.codes.sum(Kind::Float).backward();
        prop_assert_eq!(latents.grad().isfinite().all().int64_value(&[]), 1);
    }
}

#[test]
fn values_losses_and_gradients_equal_plain_pytorch() {
    let golden = golden("gumbel.safetensors");
    for temperature in ["1.0", "0.25"] {
        let store = nn::VarStore::new(Device::Cpu);
        let codebook = Box::new(LearnedCodebook::normal(&store.root(), 7, 5).unwrap());
        let config = GumbelConfig { temperature: 3.0, kl_weight: 0.1 };
        let mut quantizer = GumbelQuantizer::new(&store.root(), codebook, config).unwrap();
        quantizer.set_temperature(temperature.parse().unwrap()).unwrap();
        for (name, mut parameter) in store.variables() {
            tch::no_grad(|| parameter.copy_(&golden[&name]));
        }
        let of = |part: &str| &golden[&format!("{temperature}.{part}")];
        let latents = golden["latents"].copy().set_requires_grad(true);
        let quantized = quantizer.quantize_with_noise(&latents, None, &golden["noise"]).unwrap();
        assert!(quantized.indices.squeeze_dim(3).equal(of("ids")));
        assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
        assert_close(&quantized.codes, of("codes"), 1e-6, "codes");
        assert_close(&quantized.loss, of("loss"), 1e-6, "loss");
        ((quantized.codes * &golden["upstream"]).sum(Kind::Float) + quantized.loss).backward();
        assert_close(&latents.grad(), of("latents.grad"), 1e-5, "gradient of the latents");
        for (name, parameter) in store.variables() {
            assert_close(&parameter.grad(), of(&format!("{name}.grad")), 1e-5, &format!("gradient of {name}"));
        }
        let likeliest = quantizer.quantize(&latents, Mode::Eval).unwrap().indices.squeeze_dim(3);
        assert!(likeliest.equal(&golden["likeliest"]));
        assert!(!likeliest.equal(of("ids")), "the noise has no effect");
    }
}

/// At every temperature, codes are sampled from the softmax of the logits.
#[test]
fn code_frequencies_equal_the_softmax() {
    let (size, count) = (4, 20_000);
    let store = nn::VarStore::new(Device::Cpu);
    let config = GumbelConfig { temperature: 0.1, ..Default::default() };
    let quantizer = GumbelQuantizer::new(&store.root(), codebook(1, size, 2), config).unwrap();
    let odds = Tensor::from_slice(&[0.0_f32, 1.0, -1.0, 0.5]);
    let variables = store.variables();
    let _ = tch::no_grad(|| variables["proj.weight"].shallow_clone().zero_());
    tch::no_grad(|| variables["proj.bias"].shallow_clone().copy_(&odds));
    let latents = normal(2, &[count, 2, 1, 1]);
    let drawn = quantizer.quantize(&latents, Mode::Train).unwrap().indices.view(-1);
    let shares = drawn.bincount::<Tensor>(None, size).to_kind(Kind::Double) / count as f64;
    let expected = odds.to_kind(Kind::Double).softmax(0, Kind::Double);
    let deviation = ((&expected - expected.square()) / count as f64).sqrt();
    let worst = ((shares - expected) / deviation).abs().max().double_value(&[]);
    assert!(worst < 6.0, "{worst} standard deviations off");
}

#[test]
fn the_loss_is_zero_for_uniform_and_log_k_for_one_hot_logits() {
    let store = nn::VarStore::new(Device::Cpu);
    let config = GumbelConfig { kl_weight: 1.0, ..Default::default() };
    let quantizer = GumbelQuantizer::new(&store.root(), codebook(1, 8, 3), config).unwrap();
    for (_, mut parameter) in store.variables() {
        let _ = tch::no_grad(|| parameter.zero_());
    }
    let latents = normal(2, &[2, 3, 2, 2]);
    let loss = || quantizer.quantize(&latents, Mode::Eval).unwrap().loss;
    assert_close(&loss(), &Tensor::from(0.0), 1e-6, "uniform");
    let _ = tch::no_grad(|| store.variables()["proj.bias"].get(3).fill_(1e30));
    assert_close(&loss(), &Tensor::from(8.0_f64.ln()), 1e-6, "one-hot");
}

#[test]
fn extreme_latents_give_finite_values_or_an_error() {
    let quantizer = quantizer(3, 6, 4, GumbelConfig::default());
    for factor in [1e30, 1e-30] {
        let latents = (normal(4, &[2, 4, 2, 2]) * factor).set_requires_grad(true);
        let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
        assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
        (quantized.codes.sum(Kind::Float) + quantized.loss).backward();
        assert_eq!(latents.grad().isfinite().all().int64_value(&[]), 1, "{factor}");
    }
    let error = quantizer.quantize(&Tensor::full([1, 4, 1, 1], 3e38, (Kind::Float, Device::Cpu)), Mode::Eval);
    assert!(matches!(error, Err(CoreError::NotFinite { what: "logits", .. })), "{error:?}");
}

#[test]
fn parameters_have_their_documented_names() {
    let store = nn::VarStore::new(Device::Cpu);
    let codebook = Box::new(LearnedCodebook::normal(&(store.root() / "codebook"), 7, 5).unwrap());
    GumbelQuantizer::new(&store.root(), codebook, GumbelConfig::default()).unwrap();
    let mut names: Vec<(String, Vec<i64>)> =
        store.variables().into_iter().map(|(name, variable)| (name, variable.size())).collect();
    names.sort();
    let expected = [("codebook.weight", vec![7, 5]), ("proj.bias", vec![7]), ("proj.weight", vec![7, 5])];
    assert_eq!(names, expected.map(|(name, size)| (name.to_owned(), size)));
}

#[test]
fn invalid_options_are_errors() {
    let store = nn::VarStore::new(Device::Cpu);
    let new = |config| GumbelQuantizer::new(&store.root(), codebook(1, 3, 2), config);
    let error = new(GumbelConfig { temperature: 0.0, ..Default::default() }).unwrap_err();
    assert_eq!(error.to_string(), "GumbelQuantizer::new: expected a finite temperature > 0, got 0");
    let error = new(GumbelConfig { kl_weight: -1.0, ..Default::default() }).unwrap_err();
    assert_eq!(error.to_string(), "GumbelQuantizer::new: expected a finite KL weight >= 0, got -1");
    let mut quantizer = new(GumbelConfig::default()).unwrap();
    let error = quantizer.set_temperature(f64::INFINITY).unwrap_err();
    assert_eq!(error.to_string(), "GumbelQuantizer::set_temperature: expected a finite temperature > 0, got inf");
    assert_eq!(quantizer.temperature(), 1.0);
    let error = quantizer.quantize_with_noise(&normal(1, &[1, 2, 1, 1]), None, &normal(2, &[1, 1, 1, 4])).unwrap_err();
    assert!(matches!(error, CoreError::Shape { .. }), "{error}");
    let error = quantizer.lookup(&ids(&[3], &[1, 1, 1, 1])).unwrap_err();
    assert!(matches!(error, CoreError::Id { got: 3, .. }), "{error}");
}
