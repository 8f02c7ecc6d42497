use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_core::{CoreError, FsqBound, FsqConfig, FsqQuantizer, Mode, Quantizer};

use crate::laws::{Laws, check_laws};
use crate::oracle::{assert_close, golden};
use crate::support::{ids, normal};

const BOUNDS: [FsqBound; 3] = [FsqBound::Paper, FsqBound::Centered, FsqBound::Symmetric];

fn quantizer(levels: &[i64], bound: FsqBound) -> FsqQuantizer {
    FsqQuantizer::new(FsqConfig { levels: levels.to_vec(), bound }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_laws_hold(
        seed in 0_u64..1000,
        levels in prop::collection::vec(3_i64..12, 1..6),
        bound in 0_usize..3,
        batch in 1_i64..4,
        side in 1_i64..5,
    ) {
        let latents = normal(seed, &[batch, levels.len() as i64, side, side + 1]) * 2.0;
        let laws = Laws { identity_gradient: false, fixed_points: false, loss_zero_on_codes: false, ..Laws::ALL };
        check_laws(&quantizer(&levels, BOUNDS[bound]), &latents, laws);
    }

    /// Codes are not fixed points, but a latent that the bound maps to a code gets the id of that code.
    #[test]
    fn every_id_is_reached(levels in prop::collection::vec(2_i64..9, 1..4), bound in 0_usize..3) {
        let bound = BOUNDS[bound];
        let least = if bound == FsqBound::Centered { 3 } else { 2 };
        let levels: Vec<i64> = levels.iter().map(|&count| count.max(least)).collect();
        let quantizer = quantizer(&levels, bound);
        let all = Tensor::arange(quantizer.layout().codes, (Kind::Int64, Device::Cpu)).view([1, 1, -1, 1]);
        let codes = quantizer.lookup(&all).unwrap();
        let columns: Vec<Tensor> = levels.iter().enumerate().map(|(channel, &count)| {
            let count = count as f64;
            let code = codes.select(1, channel as i64).to_kind(Kind::Double);
            let even = if count % 2.0 == 0.0 { 0.5 } else { 0.0 };
            let (offset, half, margin) = match bound {
                FsqBound::Paper => (even, (count / 2.0).floor(), 1.0 - 1e-3),
                FsqBound::Centered => (even, (count / 2.0).floor(), 1.0 + 1e-3),
                FsqBound::Symmetric => (0.0, (count - 1.0) / 2.0, 1.0),
            };
            let stretch = (count - 1.0) / 2.0 * margin;
            let shift = match bound {
                FsqBound::Paper => (offset / stretch).tan(),
                FsqBound::Centered => (offset / stretch).atanh(),
                FsqBound::Symmetric => 0.0,
            };
            // The outermost levels are at the limits of the hyperbolic tangent, or slightly beyond.
            ((code * half + offset) / stretch).clamp(-1.0 + 1e-6, 1.0 - 1e-6).atanh() - shift
        }).collect();
        let latents = Tensor::stack(&columns, 1).to_kind(Kind::Float);
        let quantized = quantizer.quantize(&latents, Mode::Eval).unwrap();
        prop_assert!(quantized.indices.equal(&all), "{levels:?} {bound:?}");
        prop_assert!(quantized.codes.equal(&codes));
        prop_assert!(codes.abs().max().double_value(&[]) <= 1.0);
    }
}

#[test]
fn codes_ids_and_gradients_equal_the_paper_and_vector_quantize_pytorch() {
    let golden = golden("fsq.safetensors");
    let mut cases = 0;
    for (name, latents) in &golden {
        let Some(case) = name.strip_suffix(".latents") else { continue };
        let (bound, levels) = case.split_once('.').unwrap();
        let bound = match bound {
            "paper" => FsqBound::Paper,
            "centered" => FsqBound::Centered,
            _ => FsqBound::Symmetric,
        };
        let levels: Vec<i64> = levels.split('-').map(|count| count.parse().unwrap()).collect();
        let of = |part: &str| &golden[&format!("{case}.{part}")];
        let latents = latents.copy().set_requires_grad(true);
        let quantized = quantizer(&levels, bound).quantize(&latents, Mode::Train).unwrap();
        assert!(quantized.indices.squeeze_dim(3).equal(of("ids")), "{case}");
        assert_close(&quantized.codes, of("codes"), 1e-6, case);
        (quantized.codes * of("upstream")).sum(Kind::Float).backward();
        assert_close(&latents.grad(), of("grad"), 1e-5, &format!("gradient of {case}"));
        cases += 1;
    }
    assert_eq!(cases, 11);
}

#[test]
fn the_first_digit_is_the_lowest() {
    let quantizer = quantizer(&[8, 5, 3], FsqBound::Paper);
    assert_eq!(quantizer.layout().codes, 120);
    let codes = quantizer.lookup(&ids(&[0, 1, 8, 40, 119], &[1, 1, 5, 1])).unwrap();
    let of = |channel| Vec::<f32>::try_from(codes.select(1, channel).view(-1)).unwrap();
    assert_eq!(of(0), [-1.0, -0.75, -1.0, -1.0, 0.75]);
    assert_eq!(of(1), [-1.0, -1.0, -0.5, -1.0, 1.0]);
    assert_eq!(of(2), [-1.0, -1.0, -1.0, 0.0, 1.0]);
}

#[test]
fn the_outermost_levels_are_reached_and_not_exceeded() {
    for bound in BOUNDS {
        for count in [3, 4, 255, 256, 511, 512, 999, 1000] {
            let quantizer = quantizer(&[count], bound);
            let latents = Tensor::from_slice(&[-f32::MAX, -1e30, -20.0, 20.0, 1e30, f32::MAX]).view([1, 1, 1, 6]);
            let quantized = quantizer.quantize(&latents, Mode::Eval).unwrap();
            let found = Vec::<i64>::try_from(quantized.indices.view(-1)).unwrap();
            let last = count - 1;
            assert_eq!(found, [0, 0, 0, last, last, last], "{bound:?}");
            assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
        }
    }
}

#[test]
fn ids_of_62_bits_round_trip() {
    let quantizer = quantizer(&[4; 31], FsqBound::Paper);
    assert_eq!(quantizer.layout().codes, 1 << 62);
    let latents = normal(3, &[2, 31, 3, 3]) * 2.0;
    let quantized = quantizer.quantize(&latents, Mode::Eval).unwrap();
    assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
    assert!(quantized.indices.max().int64_value(&[]) > 1 << 60);
}

#[test]
fn invalid_levels_are_errors() {
    let refused = |levels: &[i64], bound| {
        FsqQuantizer::new(FsqConfig { levels: levels.to_vec(), bound }).unwrap_err().to_string()
    };
    let expected = "FsqQuantizer::new: expected 2 to 1000 levels for each of one or more channels, got";
    for levels in [&[][..], &[8, 1], &[0], &[-4, 5], &[1001]] {
        assert_eq!(refused(levels, FsqBound::Paper), format!("{expected} {levels:?}"));
    }
    assert!(refused(&[2, 3], FsqBound::Centered).contains("3 to 1000 levels"));
    assert!(refused(&[1000; 7], FsqBound::Symmetric).contains("product is at most 2^62"));
    assert!(refused(&[4; 32], FsqBound::Paper).contains("product is at most 2^62"));
}

#[test]
fn a_double_beyond_float_is_an_error_with_its_position() {
    let latents = Tensor::from_slice(&[0.0_f64, 1e300]).view([1, 1, 1, 2]);
    let error = quantizer(&[5], FsqBound::Paper).quantize(&latents, Mode::Eval).unwrap_err();
    assert!(matches!(&error, CoreError::NotFinite { position, .. } if position == &[0, 0, 0, 1]), "{error}");
}
