use proptest::prelude::*;
use tch::{Device, Kind, Tensor, nn};
use vq_core::{
    EmaCodebook, EmaConfig, FixedCodebook, Group, GroupedQuantizer, MatchConfig, Mode, NearestConfig, NearestQuantizer,
    ProductPart, ProductQuantizer, QuantizedBatch, Quantizer, ResidualConfig, ResidualQuantizer,
};

use crate::laws::{Laws, check_laws};
use crate::oracle::assert_close;
use crate::support::{codebook, normal};

fn part(name: &str, quantizer: impl Quantizer + 'static) -> ProductPart {
    ProductPart { name: name.into(), quantizer: Box::new(quantizer) }
}

fn nearest(codes: &Tensor) -> NearestQuantizer {
    NearestQuantizer::new(Box::new(FixedCodebook::new(codes).unwrap()), NearestConfig::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_laws_hold(seed in 0_u64..1000, channels in prop::collection::vec(1_i64..5, 1..4), size in 1_i64..20, side in 1_i64..4) {
        let parts: Vec<ProductPart> = channels
            .iter()
            .zip(0_u64..)
            .map(|(&dim, number)| part(&format!("part {number}"), nearest(&normal(seed + number, &[size, dim]))))
            .collect();
        let quantizer = ProductQuantizer::new(parts).unwrap();
        check_laws(&quantizer, &normal(seed + 9, &[2, channels.iter().sum(), side, side]), Laws::ALL);
    }

    #[test]
    fn two_halves_of_a_codebook_are_two_groups(seed in 0_u64..1000, first in 1_i64..9, second in 1_i64..9, dim in 1_i64..5) {
        let codes = normal(seed, &[first + second, dim]);
        let group = |name: &str, codes| Group { name: name.into(), codes, top_k: 1 };
        let groups = vec![group("a", 0..first), group("b", first..first + second)];
        let fixed = Box::new(FixedCodebook::new(&codes).unwrap());
        let grouped = GroupedQuantizer::new(fixed, groups, MatchConfig::default()).unwrap();
        let halves = ProductQuantizer::new(vec![
            part("a", nearest(&codes.narrow(0, 0, first))),
            part("b", nearest(&codes.narrow(0, first, second))),
        ]).unwrap();
        let latents = normal(seed + 1, &[2, 2 * dim, 3, 3]);
        let (one, other) =
            (grouped.quantize(&latents, Mode::Eval).unwrap(), halves.quantize(&latents, Mode::Eval).unwrap());
        prop_assert!(one.indices.equal(&other.indices));
        prop_assert!(one.codes.equal(&other.codes));
        assert_close(&one.loss, &other.loss, 1e-5, "the loss");
    }
}

#[test]
fn parts_can_differ_in_quantizer_and_channels() {
    let store = nn::VarStore::new(Device::Cpu);
    let ema = EmaCodebook::new(&(store.root() / "texture"), 7, 2, EmaConfig::default()).unwrap();
    let group = |name: &str, codes, top_k| Group { name: name.into(), codes, top_k };
    let groups = vec![group("adjective", 0..5, 2), group("noun", 5..9, 1)];
    let words = GroupedQuantizer::new(codebook(1, 9, 3), groups, MatchConfig::default()).unwrap();
    let stages: Vec<Box<dyn Quantizer>> =
        vec![Box::new(nearest(&normal(2, &[4, 1]))), Box::new(nearest(&normal(3, &[4, 1])))];
    let depth = ResidualQuantizer::new(stages, ResidualConfig::default()).unwrap();
    let texture = NearestQuantizer::new(Box::new(ema), NearestConfig::default()).unwrap();
    let mut quantizer =
        ProductQuantizer::new(vec![part("texture", texture), part("words", words), part("depth", depth)]).unwrap();
    let layout = quantizer.layout().clone();
    assert_eq!((layout.channels, layout.codes, layout.slots.len()), (2 + 6 + 1, 7 + 9 + 8, 1 + 3 + 2));
    let groups: Vec<_> = layout.groups().iter().map(|slot| (slot.group.as_str(), slot.codes.clone())).collect();
    let expected = [
        ("texture code", 0..7),
        ("words adjective", 7..12),
        ("words noun", 12..16),
        ("depth stage 0 code", 16..20),
        ("depth stage 1 code", 20..24),
    ];
    assert_eq!(groups, expected);
    let latents = normal(4, &[2, 9, 3, 3]);
    check_laws(&quantizer, &latents, Laws { fixed_points: false, ..Laws::ALL });

    // An update reaches the EMA part, with its own channels and ids and without padding.
    let mask = Tensor::zeros([2, 3, 3], (Kind::Bool, Device::Cpu));
    let _ = mask.select(0, 0).fill_(1);
    let indices = quantizer.quantize(&latents, Mode::Train).unwrap().indices;
    quantizer.update(&QuantizedBatch { latents: &latents, indices: &indices, mask: Some(&mask) }).unwrap();
    let counted = indices.narrow(0, 0, 1).select(3, 0).reshape([-1]).bincount::<Tensor>(None, 7);
    let expected = counted.to_kind(Kind::Float) * 0.01 + 0.99;
    assert_close(&store.variables()["texture.cluster_size"], &expected, 1e-6, "sizes");
}

#[test]
fn invalid_inputs_are_errors() {
    let refused = |parts| ProductQuantizer::new(parts).unwrap_err().to_string();
    assert_eq!(refused(Vec::new()), "ProductQuantizer::new: expected at least one part, got 0");
    let twins = vec![part("twin", nearest(&normal(1, &[2, 1]))), part("twin", nearest(&normal(1, &[2, 1])))];
    assert!(refused(twins).contains("parts of distinct names, got twin twice"));
    let quantizer =
        ProductQuantizer::new(vec![part("a", nearest(&normal(1, &[2, 1]))), part("b", nearest(&normal(1, &[3, 2])))])
            .unwrap();
    let error = quantizer.quantize(&normal(1, &[1, 2, 1, 1]), Mode::Eval).unwrap_err().to_string();
    assert_eq!(error, "ProductQuantizer::quantize: expected shape [B, 3, H, W], got [1, 2, 1, 1]");
    let wrong = Tensor::from_slice(&[0_i64, 1]).view([1, 1, 1, 2]);
    let error = quantizer.lookup(&wrong).unwrap_err().to_string();
    assert_eq!(error, "ProductQuantizer::lookup: expected ids of slot 1 (b code) in 2..5, got 1");
}
