use proptest::prelude::*;
use vq_core::{
    CoreError, Group, GroupedQuantizer, Layout, LfqConfig, LfqQuantizer, MatchConfig, Quantizer, UsageCounter,
};

use crate::support::{codebook, ids};

fn layout() -> Layout {
    let groups = vec![
        Group { name: "adjective".into(), codes: 0..4, nearest: 2 },
        Group { name: "noun".into(), codes: 4..10, nearest: 1 },
    ];
    GroupedQuantizer::new(codebook(1, 10, 2), groups, MatchConfig::default()).unwrap().layout().clone()
}

#[test]
fn usage_and_perplexity_of_each_group() {
    let mut counter = UsageCounter::new(&layout()).unwrap();
    counter.update(&ids(&[0, 1, 4, 1, 0, 4], &[1, 1, 2, 3])).unwrap();
    counter.update(&ids(&[0, 1, 9], &[1, 1, 1, 3])).unwrap();
    let usage = counter.compute();
    assert_eq!(usage.iter().map(|group| group.group.as_str()).collect::<Vec<_>>(), ["adjective", "noun"]);
    assert_eq!((usage[0].size, usage[0].used), (4, 2));
    assert_eq!(usage[0].share(), 0.5);
    assert!((usage[0].perplexity - 2.0).abs() < 1e-9, "two codes, equally often");
    assert_eq!((usage[1].size, usage[1].used), (6, 2));
    let shares = [2.0_f64 / 3.0, 1.0 / 3.0];
    let expected = (-shares.iter().map(|p| p * p.ln()).sum::<f64>()).exp();
    assert!((usage[1].perplexity - expected).abs() < 1e-9);
}

#[test]
fn nothing_counted_is_nothing_used() {
    let usage = UsageCounter::new(&layout()).unwrap().compute();
    assert_eq!(usage[0].used, 0);
    assert_eq!(usage[0].perplexity, 0.0);
}

#[test]
fn more_codes_than_can_be_counted_are_refused() {
    let quantizer = LfqQuantizer::new(LfqConfig { bits: 40, bits_per_id: 40, ..Default::default() }).unwrap();
    let error = UsageCounter::new(quantizer.layout()).unwrap_err().to_string();
    assert_eq!(error, "UsageCounter::new: expected at most 268435456 codes to count, got 1099511627776");
}

#[test]
fn ids_of_another_slot_are_refused() {
    let error = UsageCounter::new(&layout()).unwrap().update(&ids(&[0, 1, 3], &[1, 1, 1, 3])).unwrap_err();
    assert!(matches!(error, CoreError::Id { slot: 2, got: 3, .. }), "{error}");
}

proptest! {
    #[test]
    fn parts_add_up(values in prop::collection::vec((0_i64..4, 0_i64..4, 4_i64..10), 2..50), cut in 1_usize..49) {
        let flat = |part: &[(i64, i64, i64)]| {
            let values: Vec<i64> = part.iter().flat_map(|&(a, b, c)| [a, b, c]).collect();
            ids(&values, &[1, 1, part.len() as i64, 3])
        };
        let cut = cut.min(values.len() - 1);
        let mut whole = UsageCounter::new(&layout()).unwrap();
        whole.update(&flat(&values)).unwrap();
        let mut parts = UsageCounter::new(&layout()).unwrap();
        parts.update(&flat(&values[..cut])).unwrap();
        parts.update(&flat(&values[cut..])).unwrap();
        prop_assert!(whole.histogram().equal(&parts.histogram()));
        for usage in whole.compute() {
            prop_assert!(usage.perplexity >= 1.0 - 1e-9 && usage.perplexity <= usage.used as f64 + 1e-9);
        }
    }
}
