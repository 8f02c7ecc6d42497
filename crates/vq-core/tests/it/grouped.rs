use proptest::prelude::*;
use tch::Tensor;
use vq_core::{FixedCodebook, Group, GroupedQuantizer, MatchConfig, Mode, Quantizer};

use crate::laws::{Laws, check_laws};
use crate::support::{codebook, normal};

fn groups(sizes: &[i64], top_k: &[i64]) -> Vec<Group> {
    let mut start = 0;
    let group = |(index, (&size, &top_k)): (usize, (&i64, &i64))| {
        let codes = start..start + size;
        start += size;
        Group { name: format!("group {index}"), codes, top_k }
    };
    sizes.iter().zip(top_k).enumerate().map(group).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_laws_hold(
        seed in 0_u64..1000,
        adjectives in 3_i64..40,
        nouns in 1_i64..40,
        top_k in 1_i64..4,
        dim in 1_i64..7,
        side in 1_i64..5,
    ) {
        let groups = groups(&[adjectives, nouns], &[top_k, 1]);
        let codebook = codebook(seed, adjectives + nouns, dim);
        let quantizer = GroupedQuantizer::new(codebook, groups, MatchConfig::default()).unwrap();
        let laws = Laws { fixed_points: top_k == 1, ..Laws::ALL };
        check_laws(&quantizer, &normal(seed + 3, &[2, 2 * dim, side, side]), laws);
    }

    #[test]
    fn the_order_of_averaged_ids_hardly_matters(seed in 0_u64..1000) {
        let quantizer =
            GroupedQuantizer::new(codebook(seed, 20, 4), groups(&[12, 8], &[3, 1]), MatchConfig::default()).unwrap();
        let quantized = quantizer.quantize(&normal(seed, &[1, 8, 3, 3]), Mode::Eval).unwrap();
        let order = Tensor::from_slice(&[2_i64, 0, 1, 3]);
        let shuffled = quantizer.lookup(&quantized.indices.index_select(3, &order)).unwrap();
        let error = (shuffled - quantized.codes).abs().max().double_value(&[]);
        prop_assert!(error < 1e-6, "codes differ by {error}");
    }
}

#[test]
fn adjectives_are_averaged_and_ids_are_global() {
    let codes = Tensor::from_slice(&[0.0_f32, 1.0, 10.0, 100.0, 200.0]).view([5, 1]);
    let quantizer = GroupedQuantizer::new(
        Box::new(FixedCodebook::new(&codes).unwrap()),
        groups(&[3, 2], &[2, 1]),
        MatchConfig::default(),
    )
    .unwrap();
    let latents = Tensor::from_slice(&[0.9_f32, 190.0]).view([1, 2, 1, 1]);
    let quantized = quantizer.quantize(&latents, Mode::Eval).unwrap();
    assert_eq!(Vec::<i64>::try_from(quantized.indices.view(-1)).unwrap(), [1, 0, 4]);
    assert_eq!(Vec::<f32>::try_from(quantized.codes.contiguous().view(-1)).unwrap(), [0.5, 200.0]);
    // Both terms of both groups: 1.25 * (0.4^2 + 10^2).
    assert!((quantized.loss.double_value(&[]) - 1.25 * 100.16).abs() < 1e-3);
}

#[test]
fn invalid_groups_are_errors() {
    let refused = |groups: Vec<Group>| {
        GroupedQuantizer::new(codebook(1, 10, 2), groups, MatchConfig::default()).unwrap_err().to_string()
    };
    assert_eq!(refused(groups(&[4, 5], &[1, 1])), "GroupedQuantizer::new: expected groups that cover 10 codes, got 9");
    assert!(refused(groups(&[4, 6], &[5, 1])).contains("top_k of group group 0 in 1..=4, got 5"));
    assert!(refused(groups(&[4, 6], &[0, 1])).contains("got 0"));
    let gap = vec![Group { name: "late".into(), codes: 1..10, top_k: 1 }];
    assert!(refused(gap).contains("codes of group late to start at 0"));
    let twins = groups(&[4, 6], &[1, 1]).into_iter().map(|group| Group { name: "twin".into(), ..group }).collect();
    assert!(refused(twins).contains("distinct names"));
    assert!(refused(Vec::new()).contains("got 0"));
}
