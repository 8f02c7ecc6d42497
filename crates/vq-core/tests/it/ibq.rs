use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    BetaPlacement, CodeEntropyConfig, Codebook, CommitmentConfig, CoreError, FixedCodebook, IbqConfig, IbqQuantizer,
    LearnedCodebook, Mode, Quantizer, Similarity,
};

use crate::laws::{Laws, check_laws};
use crate::oracle::{assert_close, golden, numbers};
use crate::support::{codebook, normal};

fn quiet(similarity: Similarity) -> IbqConfig {
    let entropy = CodeEntropyConfig { weight: 0.0, ..Default::default() };
    IbqConfig { similarity, entropy, ..Default::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_laws_hold(
        seed in 0_u64..1000,
        batch in 1_i64..4,
        dim in 1_i64..9,
        size in 1_i64..40,
        side in 1_i64..6,
        term in 0_usize..3,
        cosine: bool,
    ) {
        // The entropy terms dominate the loss: if terms cancel, the last digits of the sum are arbitrary.
        let similarity = if cosine { Similarity::Cosine } else { Similarity::Dot };
        let (weight, per_sample, diversity_gamma) = [(0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1000.0, 0.0, 1.0)][term];
        let entropy = CodeEntropyConfig { weight, per_sample, diversity_gamma, temperature: 5.0 };
        let config = IbqConfig { entropy, ..quiet(similarity) };
        let laws = Laws {
            identity_gradient: false,
            // In few dimensions, two codes can be nearly parallel.
            fixed_points: cosine && dim >= 4,
            loss_zero_on_codes: false,
            ..Laws::ALL
        };
        let quantizer = IbqQuantizer::new(codebook(seed, size, dim), config).unwrap();
        check_laws(&quantizer, &normal(seed + 7, &[batch, dim, side, side + 1]), laws);
    }

    #[test]
    fn permuted_codes_give_permuted_ids(seed in 0_u64..1000, size in 2_i64..40) {
        let codes = normal(seed, &[size, 6]);
        let ids = |codes: &Tensor| {
            let codebook = Box::new(FixedCodebook::new(codes).unwrap());
            let quantizer = IbqQuantizer::new(codebook, quiet(Similarity::Dot)).unwrap();
            quantizer.quantize(&normal(seed + 1, &[2, 6, 3, 3]), Mode::Train).unwrap().indices
        };
        prop_assert!((ids(&codes.flip([0])) * -1 + (size - 1)).equal(&ids(&codes)));
    }

    #[test]
    fn ids_of_a_training_pass_decode_to_the_codes(seed in 0_u64..1000, dim in 1_i64..9, size in 1_i64..40, cosine: bool) {
        let similarity = if cosine { Similarity::Cosine } else { Similarity::Dot };
        let config = IbqConfig { similarity, ..Default::default() };
        let quantizer = IbqQuantizer::new(codebook(seed, size, dim), config).unwrap();
        let latents = normal(seed + 7, &[2, dim, 3, 4]).set_requires_grad(true);
        let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
        prop_assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
    }
}

#[test]
fn values_losses_and_gradients_equal_plain_pytorch() {
    let golden = golden("ibq.safetensors");
    for name in ["published", "paper", "cosine"] {
        let of = |part: &str| &golden[&format!("{name}.{part}")];
        let [cosine, temperature, beta, legacy, double, weight, diversity_gamma, entropy_temperature] =
            numbers(of("options"))[..]
        else {
            panic!("{name}")
        };
        let placement = if legacy == 1.0 { BetaPlacement::Legacy } else { BetaPlacement::Commitment };
        let config = IbqConfig {
            similarity: if cosine == 1.0 { Similarity::Cosine } else { Similarity::Dot },
            temperature,
            commitment: CommitmentConfig { beta, placement },
            double,
            entropy: CodeEntropyConfig { weight, per_sample: 1.0, diversity_gamma, temperature: entropy_temperature },
        };
        let store = nn::VarStore::new(Device::Cpu);
        let codebook = LearnedCodebook::normal(&store.root(), 9, 5).unwrap();
        let mut codes = codebook.vectors(Mode::Train);
        tch::no_grad(|| codes.copy_(&golden["weight"]));
        let quantizer = IbqQuantizer::new(Box::new(codebook), config).unwrap();
        let latents = golden["latents"].copy().set_requires_grad(true);
        let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
        assert!(quantized.indices.squeeze_dim(3).equal(of("ids")), "{name}");
        assert_close(&quantized.codes, of("codes"), 1e-6, name);
        assert_close(&quantized.loss, of("loss"), 1e-5, &format!("loss of {name}"));
        ((quantized.codes * &golden["upstream"]).sum(Kind::Float) + quantized.loss).backward();
        assert_close(&latents.grad(), of("latents.grad"), 2e-5, &format!("gradient of the latents, {name}"));
        assert_close(&codes.grad(), of("weight.grad"), 5e-5, &format!("gradient of the codes, {name}"));
        // The gradient reaches every code.
        assert!(codes.grad().abs().amax([1_i64], false).min().double_value(&[]) > 0.0, "{name}");
    }
}

#[test]
fn the_highest_dot_product_is_chosen_over_the_nearest_code() {
    let codes = Tensor::from_slice(&[1.0_f32, 0.0, 5.0, 5.0, -9.0, 0.0]).view([3, 2]);
    let latents = Tensor::from_slice(&[1.0_f32, 0.1]).view([1, 2, 1, 1]);
    for (similarity, expected) in [(Similarity::Dot, 1), (Similarity::Cosine, 0)] {
        let quantizer = IbqQuantizer::new(Box::new(FixedCodebook::new(&codes).unwrap()), quiet(similarity)).unwrap();
        assert_eq!(quantizer.quantize(&latents, Mode::Eval).unwrap().indices.int64_value(&[0, 0, 0, 0]), expected);
    }
}

#[test]
fn many_latents_are_processed_in_parts() {
    // 2^24 scores at once: with 16384 codes, a part has 1024 latents.
    let config = IbqConfig {
        entropy: CodeEntropyConfig { weight: 1.0, per_sample: 1.0, diversity_gamma: 0.5, temperature: 1.0 },
        ..Default::default()
    };
    let quantizer = IbqQuantizer::new(codebook(1, 16384, 4), config).unwrap();
    let few = normal(2, &[11, 4, 1, 1]);
    for mode in [Mode::Train, Mode::Eval] {
        let once = quantizer.quantize(&few, mode).unwrap();
        let often = quantizer.quantize(&few.repeat([100, 1, 1, 1]), mode).unwrap();
        assert!(often.indices.equal(&once.indices.repeat([100, 1, 1, 1])));
        assert_close(&often.loss, &once.loss, 1e-4, "loss");
    }
}

#[test]
fn extreme_latents_give_finite_values_or_an_error() {
    let quantizer = |similarity| IbqQuantizer::new(codebook(3, 6, 4), IbqConfig { similarity, ..Default::default() });
    for factor in [1e15, 1e-30] {
        for similarity in [Similarity::Dot, Similarity::Cosine] {
            let latents = (normal(4, &[2, 4, 2, 2]) * factor).set_requires_grad(true);
            let quantized = quantizer(similarity).unwrap().quantize(&latents, Mode::Train).unwrap();
            assert!(quantized.loss.double_value(&[]).is_finite(), "{similarity:?} {factor}");
            (quantized.codes.sum(Kind::Float) + quantized.loss).backward();
            assert_eq!(latents.grad().isfinite().all().int64_value(&[]), 1, "{similarity:?} {factor}");
        }
    }
    let latents = Tensor::full([1, 4, 1, 1], 3e38, (Kind::Float, Device::Cpu));
    let error = quantizer(Similarity::Dot).unwrap().quantize(&latents, Mode::Eval);
    assert!(matches!(error, Err(CoreError::NotFinite { what: "scores", .. })), "{error:?}");
    quantizer(Similarity::Cosine).unwrap().quantize(&latents, Mode::Eval).unwrap();
}

#[test]
fn invalid_options_are_errors() {
    let refused = |config| IbqQuantizer::new(codebook(1, 3, 2), config).unwrap_err().to_string();
    let op = "IbqQuantizer::new: expected";
    let message = refused(IbqConfig { temperature: -1.0, ..Default::default() });
    assert_eq!(message, format!("{op} a finite temperature > 0, got -1"));
    let message = refused(IbqConfig { double: f64::NAN, ..Default::default() });
    assert_eq!(message, format!("{op} a finite weight of the second loss >= 0, got NaN"));
    let entropy = CodeEntropyConfig { temperature: 0.0, ..Default::default() };
    assert!(refused(IbqConfig { entropy, ..Default::default() }).contains("a finite entropy temperature > 0, got 0"));
    let commitment = CommitmentConfig { beta: -1.0, ..Default::default() };
    assert!(refused(IbqConfig { commitment, ..Default::default() }).contains("beta >= 0, got -1"));
}
