use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_core::{
    BitEntropyConfig, BsqConfig, BsqQuantizer, CoreError, LfqConfig, LfqQuantizer, Mode, Quantized, Quantizer,
};

use crate::laws::{Laws, check_laws};
use crate::oracle::{assert_close, golden, numbers};
use crate::support::{ids, normal};

pub(crate) fn entropy(weight: f64, per_sample: f64, diversity_gamma: f64) -> BitEntropyConfig {
    BitEntropyConfig { weight, per_sample, diversity_gamma, inverse_temperature: 2.0, group_bits: 4 }
}

fn quantizer(bits: i64, bits_per_id: i64) -> LfqQuantizer {
    let config = LfqConfig { bits, bits_per_id, entropy: entropy(0.0, 1.0, 1.0), ..Default::default() };
    LfqQuantizer::new(config).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_laws_hold(
        seed in 0_u64..1000,
        bits in 1_i64..12,
        bits_per_id in 1_i64..12,
        batch in 1_i64..4,
        side in 1_i64..5,
        term in 0_usize..3,
    ) {
        // One term at a time: if two terms cancel, the last digits of the sum are arbitrary.
        let (commitment, weight, per_sample, gamma) =
            [(0.5, 0.0, 1.0, 1.0), (0.0, 1.0, 1.0, 0.0), (0.0, 1.0, 0.0, 1.0)][term];
        let entropy = entropy(weight, per_sample, gamma);
        let config = LfqConfig { bits, bits_per_id, scale: 0.7, commitment, entropy };
        let laws = Laws { loss_zero_on_codes: term == 0, ..Laws::ALL };
        check_laws(&LfqQuantizer::new(config).unwrap(), &normal(seed, &[batch, bits, side, side + 1]), laws);
    }

    #[test]
    fn every_id_has_its_own_code_and_every_code_its_id(bits in 1_i64..11) {
        let quantizer = quantizer(bits, 62);
        let size = quantizer.layout().codes;
        prop_assert_eq!(size, 1 << bits);
        let all = Tensor::arange(size, (Kind::Int64, Device::Cpu)).view([1, 1, size, 1]);
        let codes = quantizer.lookup(&all).unwrap();
        prop_assert!(quantizer.quantize(&codes, Mode::Eval).unwrap().indices.equal(&all));
    }

    /// The codes are the same for every split of the bits into ids.
    #[test]
    fn codes_do_not_depend_on_bits_per_id(seed in 0_u64..1000, bits in 1_i64..40, bits_per_id in 1_i64..40) {
        let latents = normal(seed, &[2, bits, 2, 3]);
        let (whole, cut) = (quantizer(bits, 62), quantizer(bits, bits_per_id));
        let one = whole.quantize(&latents, Mode::Eval).unwrap();
        let several = cut.quantize(&latents, Mode::Eval).unwrap();
        prop_assert!(one.codes.equal(&several.codes));
        // The concatenated parts are the whole id.
        let mut joined = Tensor::zeros([2, 2, 3], (Kind::Int64, Device::Cpu));
        let mut end = 0;
        for (position, slot) in cut.layout().slots.iter().enumerate() {
            prop_assert_eq!(slot.codes.start, end, "ranges follow each other");
            end = slot.codes.end;
            let bits = several.indices.select(3, position as i64) - slot.codes.start;
            joined = joined * (slot.codes.end - slot.codes.start) + bits;
        }
        prop_assert_eq!(end, cut.layout().codes);
        prop_assert!(joined.equal(&one.indices.squeeze_dim(3)));
    }
}

#[test]
fn forward_loss_and_gradient_equal_vector_quantize_pytorch() {
    let golden = golden("lfq.safetensors");
    let mut cases = 0;
    for name in golden.keys().filter_map(|name| name.strip_suffix(".ids")) {
        let of = |part: &str| &golden[&format!("{name}.{part}")];
        let [spherical, scale, inverse_temperature, diversity_gamma, commitment, masked] = numbers(of("options"))[..]
        else {
            panic!("{name}")
        };
        let entropy =
            BitEntropyConfig { weight: 0.1, per_sample: 1.0, diversity_gamma, inverse_temperature, group_bits: 6 };
        let quantizer: Box<dyn Quantizer> = if spherical == 1.0 {
            // vector-quantize-pytorch also averages over channels.
            let commitment = commitment / 6.0;
            Box::new(BsqQuantizer::new(BsqConfig { bits: 6, bits_per_id: 6, commitment, entropy }).unwrap())
        } else {
            Box::new(LfqQuantizer::new(LfqConfig { bits: 6, bits_per_id: 6, scale, commitment, entropy }).unwrap())
        };
        let latents = golden["latents"].copy().set_requires_grad(true);
        let mask = (masked == 1.0).then_some(&golden["mask"]);
        let Quantized { codes, indices, loss, .. } = quantizer.quantize_masked(&latents, mask, Mode::Train).unwrap();
        assert!(indices.squeeze_dim(3).equal(of("ids")), "{name}");
        assert_close(&codes, of("codes"), 1e-7, name);
        // The reference clamps probabilities at 1e-5 in the logarithm, which bounds the difference.
        let tolerance = if name.starts_with("clamped") { 1e-4 } else { 2e-6 };
        assert_close(&loss, of("loss"), tolerance, &format!("loss of {name}"));
        (loss + (codes * &golden["upstream"]).sum(Kind::Float)).backward();
        let (mut ours, mut theirs) = (latents.grad(), of("grad").copy());
        if spherical == 1.0 {
            // A zero latent: the reference divides by 1e-12, this crate returns zero.
            let place = |grad: &Tensor| grad.get(0).select(1, 0).select(1, 0);
            assert_eq!(place(&ours).abs().max().double_value(&[]), 0.0);
            assert!(place(&theirs).abs().max().double_value(&[]) > 1e6);
            let _ = place(&ours).fill_(0.0);
            let _ = place(&theirs).fill_(0.0);
            (ours, theirs) = (ours.copy(), theirs.copy());
        }
        assert_close(&ours, &theirs, tolerance.max(1e-5), &format!("gradient of {name}"));
        cases += 1;
    }
    assert_eq!(cases, 8);
}

#[test]
fn zero_is_negative_and_the_first_channel_the_highest_bit() {
    let quantizer = quantizer(3, 3);
    let latents = Tensor::from_slice(&[0.0_f32, -0.0, 1e-45, 1.0, -1e30, 3e38, -1.0, 0.5, 0.5]).view([1, 3, 1, 3]);
    let quantized = quantizer.quantize(&latents.permute([0, 3, 2, 1]), Mode::Eval).unwrap();
    assert_eq!(Vec::<i64>::try_from(quantized.indices.view(-1)).unwrap(), [0b001, 0b101, 0b011]);
    assert_eq!(quantizer.quantize(&quantized.codes, Mode::Eval).unwrap().indices, quantized.indices);
}

#[test]
fn each_id_has_its_own_range() {
    let layout = quantizer(36, 16).layout().clone();
    assert_eq!((layout.channels, layout.codes), (36, 65536 + 65536 + 16));
    let slots: Vec<(&str, i64, i64)> =
        layout.slots.iter().map(|slot| (slot.group.as_str(), slot.codes.start, slot.codes.end)).collect();
    assert_eq!(slots, [("bits 0..16", 0, 65536), ("bits 16..32", 65536, 131_072), ("bits 32..36", 131_072, 131_088)]);
    assert_eq!(layout.groups().len(), 3);
    let error = quantizer(4, 2).lookup(&ids(&[0, 3], &[1, 1, 1, 2])).unwrap_err();
    assert_eq!(error.to_string(), "LfqQuantizer::lookup: expected ids of slot 1 (bits 2..4) in 4..8, got 3");
}

#[test]
fn ids_of_62_bits_round_trip() {
    let quantizer = quantizer(62, 62);
    let ends = ids(&[0, 1, 1 << 61, (1 << 62) - 1], &[1, 2, 2, 1]);
    let codes = quantizer.lookup(&ends).unwrap();
    assert!(quantizer.quantize(&codes, Mode::Eval).unwrap().indices.equal(&ends));
    let error = quantizer.lookup(&ids(&[-1], &[1, 1, 1, 1])).unwrap_err();
    assert!(matches!(error, CoreError::Id { got: -1, .. }), "{error}");
}

#[test]
fn large_latents_have_a_finite_loss_without_commitment() {
    let config = LfqConfig { bits: 4, commitment: 0.0, entropy: entropy(1.0, 1.0, 1.0), ..Default::default() };
    let latents = (normal(5, &[2, 4, 2, 2]) * 1e30).set_requires_grad(true);
    let quantized = LfqQuantizer::new(config).unwrap().quantize(&latents, Mode::Train).unwrap();
    assert!(quantized.loss.double_value(&[]).is_finite());
    quantized.loss.backward();
    assert_eq!(latents.grad().isfinite().all().int64_value(&[]), 1);
}

#[test]
fn invalid_options_are_errors() {
    let refused = |config: LfqConfig| LfqQuantizer::new(config).unwrap_err().to_string();
    let default = LfqConfig::default;
    let op = "LfqQuantizer::new: expected";
    assert_eq!(refused(LfqConfig { bits: 0, ..default() }), format!("{op} 1 to 65536 bits, got 0"));
    assert_eq!(refused(LfqConfig { bits: 1 << 40, ..default() }), format!("{op} 1 to 65536 bits, got 1099511627776"));
    for bits_per_id in [0, 63] {
        let message = refused(LfqConfig { bits_per_id, ..default() });
        assert_eq!(message, format!("{op} 1 to 62 bits per id, got {bits_per_id}"));
    }
    let message = refused(LfqConfig { bits: 63, bits_per_id: 62, ..default() });
    assert_eq!(message, format!("{op} ids that together take at most 2^62 values, got 63"));
    assert!(refused(LfqConfig { scale: 0.0, ..default() }).contains("a finite scale > 0, got 0"));
    assert!(refused(LfqConfig { scale: 1e-60, ..default() }).contains("a finite scale > 0"));
    assert!(refused(LfqConfig { commitment: f64::NAN, ..default() }).contains("commitment weight >= 0, got NaN"));
    let groups = BitEntropyConfig { group_bits: 36, ..default().entropy };
    assert!(refused(LfqConfig { bits: 36, entropy: groups, ..default() }).contains("groups of 1 to 24 bits"));
}
