use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_core::{BitEntropy, BitEntropyConfig, CoreError};

use crate::oracle::{assert_close, golden, numbers};
use crate::support::normal;

fn config(inverse_temperature: f64, group_bits: i64) -> BitEntropyConfig {
    BitEntropyConfig { weight: 1.0, per_sample: 1.0, diversity_gamma: 1.0, inverse_temperature, group_bits }
}

/// Reference: the softmax over all `2^g` codes of each group.
fn brute_force(latents: &Tensor, scale: f64, config: &BitEntropyConfig) -> BitEntropy {
    let (mut per_sample, mut codebook) = (Tensor::from(0.0), Tensor::from(0.0));
    let entropy = |p: &Tensor| -(p * p.clamp_min(1e-300).log()).sum_dim_intlist(-1, false, Kind::Double);
    for part in latents.split(config.group_bits, 1) {
        let bits = part.size()[1];
        let codes: Vec<f64> = (0..1_i64 << bits)
            .flat_map(|code| (0..bits).map(move |bit| if code >> bit & 1 == 1 { scale } else { -scale }))
            .collect();
        let codes = Tensor::from_slice(&codes).view([-1, bits]);
        let distances = (part.unsqueeze(1) - codes).square().sum_dim_intlist(2, false, Kind::Double);
        let p = (distances * -config.inverse_temperature).softmax(1, Kind::Double);
        per_sample += entropy(&p).mean(Kind::Double);
        codebook += entropy(&p.mean_dim(0, false, Kind::Double));
    }
    BitEntropy { per_sample, codebook }
}

fn gradient(of: &Tensor, latents: &Tensor) -> Tensor {
    Tensor::run_backward(&[of], &[latents], true, false).remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn values_and_gradients_equal_brute_force(
        seed in 0_u64..1000,
        n in 1_i64..12,
        dim in 1_i64..10,
        group in 1_i64..10,
        temperature in 0.02_f64..20.0,
        scale in 0.1_f64..3.0,
    ) {
        let config = config(1.0 / temperature, group);
        let latents = normal(seed, &[n, dim]).to_kind(Kind::Double).set_requires_grad(true);
        let ours = config.measure(&latents, scale).unwrap();
        let theirs = brute_force(&latents, scale, &config);
        assert_close(&ours.per_sample, &theirs.per_sample, 1e-9, "per-sample entropy");
        assert_close(&ours.codebook, &theirs.codebook, 1e-9, "codebook entropy");
        let tolerance = 1e-8 / temperature.min(1.0);
        for (ours, theirs, what) in [
            (ours.per_sample, theirs.per_sample, "gradient of the per-sample entropy"),
            (ours.codebook, theirs.codebook, "gradient of the codebook entropy"),
        ] {
            assert_close(&gradient(&ours, &latents), &gradient(&theirs, &latents), tolerance, what);
        }
    }

    #[test]
    fn entropies_are_within_their_bounds(
        seed in 0_u64..1000,
        n in 1_i64..9,
        dim in 1_i64..12,
        group in 1_i64..12,
        inverse in 0.01_f64..100.0,
    ) {
        let entropy = config(inverse, group).measure(&normal(seed, &[n, dim]), 1.0).unwrap();
        let (per_sample, codebook) = (entropy.per_sample.double_value(&[]), entropy.codebook.double_value(&[]));
        prop_assert!(per_sample >= 0.0);
        prop_assert!(codebook >= per_sample - 1e-4, "the entropy of the mean is below the mean entropy: {codebook}");
        prop_assert!(codebook <= dim as f64 * 2.0_f64.ln() + 1e-4);
    }
}

#[test]
fn grouped_entropies_equal_the_papers() {
    let golden = golden("lfq.safetensors");
    for name in ["group-1", "group-3", "group-4"] {
        let of = |part: &str| &golden[&format!("{name}.{part}")];
        let [dim, group, inverse] = numbers(of("options"))[..] else { panic!("{name}") };
        let latents = of("latents").copy().set_requires_grad(true);
        let entropy = config(inverse, group as i64).measure(&latents, 1.0 / dim.sqrt()).unwrap();
        assert_close(&entropy.per_sample, of("per-sample"), 1e-6, name);
        assert_close(&entropy.codebook, of("codebook"), 1e-6, name);
        assert_close(&gradient(&entropy.per_sample, &latents), of("per-sample-grad"), 1e-6, name);
        assert_close(&gradient(&entropy.codebook, &latents), of("codebook-grad"), 1e-6, name);
    }
}

#[test]
fn large_logits_have_zero_entropy_and_a_finite_gradient() {
    for kind in [Kind::Float, Kind::Double] {
        let values = [1e30_f64, -1e30, 3e38, -3e38, 40.0, -40.0, 1e-30, 0.0];
        let latents = Tensor::from_slice(&values).view([2, 4]).to_kind(kind).set_requires_grad(true);
        let entropy = config(100.0, 4).measure(&latents, 1.0).unwrap();
        for (term, what) in [(&entropy.per_sample, "per-sample"), (&entropy.codebook, "codebook")] {
            assert!(term.double_value(&[]).is_finite(), "{kind:?} {what}");
            let finite = gradient(term, &latents).isfinite().all();
            assert_eq!(finite.int64_value(&[]), 1, "the gradient of the {what} entropy, {kind:?}");
        }
        // The second latent has two undecided bits.
        assert_close(&entropy.per_sample, &Tensor::from(2.0_f64.ln()), 1e-6, "per-sample entropy");
    }
}

#[test]
fn many_latents_are_processed_in_parts() {
    // With groups of 20 bits, a part has 4096 latents.
    let few = normal(1, &[5, 20]);
    let config = config(0.3, 20);
    let (once, often) = (config.measure(&few, 1.0).unwrap(), config.measure(&few.repeat([1000, 1]), 1.0).unwrap());
    assert_close(&often.per_sample, &once.per_sample, 1e-4, "per-sample entropy");
    assert_close(&often.codebook, &once.codebook, 1e-4, "codebook entropy");
    // More than the logarithm of 5: each latent spreads over many codes. The uniform distribution has 13.86.
    assert!(once.codebook.double_value(&[]) > 8.0);
}

#[test]
fn uniform_codes_have_the_highest_entropy() {
    let entropy = config(1.0, 20).measure(&Tensor::zeros([3, 20], (Kind::Float, Device::Cpu)), 1.0).unwrap();
    for term in [entropy.per_sample, entropy.codebook] {
        assert_close(&term, &Tensor::from(20.0 * 2.0_f64.ln()), 1e-4, "entropy of the uniform distribution");
    }
}

#[test]
fn empty_latents_have_zero_entropy() {
    let entropy = config(1.0, 3).measure(&normal(1, &[0, 7]), 1.0).unwrap();
    assert_eq!(entropy.per_sample.double_value(&[]), 0.0);
    assert_eq!(entropy.codebook.double_value(&[]), 0.0);
}

#[test]
fn invalid_options_are_errors() {
    let latents = normal(1, &[2, 3]);
    let message = |config: BitEntropyConfig| config.measure(&latents, 1.0).unwrap_err().to_string();
    let op = "BitEntropyConfig::measure: expected";
    assert_eq!(message(config(0.0, 3)), format!("{op} a finite inverse temperature > 0, got 0"));
    for group in [0, 25] {
        let expected = format!("{op} groups of 1 to 24 bits for the codebook entropy, got {group}");
        assert_eq!(message(config(1.0, group)), expected);
    }
    let negative = BitEntropyConfig { diversity_gamma: -1.0, ..config(1.0, 3) };
    assert_eq!(message(negative), format!("{op} a finite weight of the codebook entropy >= 0, got -1"));
    let error = config(1.0, 3).measure(&latents, f64::INFINITY).unwrap_err();
    assert_eq!(error.to_string(), format!("{op} a finite scale > 0, got inf"));
    let error = config(1.0, 3).measure(&latents.view(-1), 1.0).unwrap_err();
    assert!(matches!(error, CoreError::Shape { .. }), "{error}");
    let error = config(1.0, 3).measure(&(&latents / 0.0), 1.0).unwrap_err();
    assert!(matches!(error, CoreError::NotFinite { .. }), "{error}");
}
