//! Usage statistics, compared with NumPy. `tests/data/make_usage.py` makes the file.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use vq_core::{
    CoreError, Group, GroupedQuantizer, Histogram, Layout, LfqConfig, LfqQuantizer, MatchConfig, Quantizer, Usage,
    UsageCounter,
};

use crate::support::{codebook, ids};

fn layout() -> Layout {
    let groups = vec![
        Group { name: "adjective".into(), codes: 0..4, top_k: 2 },
        Group { name: "noun".into(), codes: 4..10, top_k: 1 },
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
fn without_counts_no_code_is_used() {
    let usage = UsageCounter::new(&layout()).unwrap().compute();
    assert_eq!(usage[0].used, 0);
    assert_eq!((usage[0].perplexity, usage[0].gini), (0.0, 0.0));
    assert_eq!(histogram(vec![0; 3]).bits(), 0.0);
}

fn histogram(counts: Vec<i64>) -> Histogram {
    Histogram { group: "noun".into(), codes: 4..4 + counts.len() as i64, counts }
}

#[test]
fn statistics_equal_numpy() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/usage.json");
    let golden: BTreeMap<String, Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(golden.len(), 5);
    for (name, theirs) in golden {
        let counted = histogram(serde_json::from_value(theirs["counts"].clone()).unwrap());
        let ours = counted.usage();
        assert_eq!(ours.used, theirs["used"], "{name}");
        for (ours, key) in [(ours.perplexity, "perplexity"), (ours.gini, "gini"), (counted.bits(), "bits")] {
            let theirs = theirs[key].as_f64().unwrap();
            assert!((ours - theirs).abs() <= 1e-12 * theirs, "{name}: {key} {ours} against {theirs}");
        }
        let text = serde_json::to_string(&ours).unwrap();
        assert_eq!(serde_json::from_str::<Usage>(&text).unwrap(), ours);
    }
}

#[test]
fn counts_of_another_group_are_not_added() {
    let refused = |other: Histogram, words: &str| {
        let mut own = histogram(vec![1, 2, i64::MAX]);
        let message = own.merge(&other).unwrap_err().to_string();
        assert_eq!(message, format!("Histogram::merge: expected {words}"));
        assert_eq!(own, histogram(vec![1, 2, i64::MAX]));
    };
    refused(histogram(vec![1, 2]), "counts of noun 4..7, got noun 4..6");
    let adjective = Histogram { group: "adjective".into(), ..histogram(vec![1, 2, 3]) };
    refused(adjective, "counts of noun 4..7, got adjective 4..7");
    refused(Histogram { codes: 4..7, ..histogram(vec![1; 4]) }, "a count for each of noun 4..7, got 4");
    refused(histogram(vec![0, -1, 0]), "counts of noun of 0 or more, got -1");
    refused(histogram(vec![0, 0, 1]), "sums of noun below 2^63, got more");

    let other = Layout { codes: 11, ..layout() };
    let mut counter = UsageCounter::new(&layout()).unwrap();
    let message = counter.merge(&UsageCounter::new(&other).unwrap()).unwrap_err().to_string();
    assert!(
        message.starts_with("UsageCounter::merge: expected counts of Layout") && message.contains("got"),
        "{message}"
    );
}

#[test]
fn too_many_codes_to_count_are_an_error() {
    let quantizer = LfqQuantizer::new(LfqConfig { bits: 40, bits_per_id: 40, ..Default::default() }).unwrap();
    let error = UsageCounter::new(quantizer.layout()).unwrap_err().to_string();
    assert_eq!(error, "UsageCounter::new: expected at most 268435456 codes to count, got 1099511627776");
}

#[test]
fn ids_of_another_slot_are_errors() {
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
        // As in two processes: one merged directly, one after serialization.
        let mut other = UsageCounter::new(&layout()).unwrap();
        other.update(&flat(&values[cut..])).unwrap();
        let mut merged = UsageCounter::new(&layout()).unwrap();
        merged.update(&flat(&values[..cut])).unwrap();
        let mut histograms = merged.histograms();
        merged.merge(&other).unwrap();
        prop_assert_eq!(whole.histograms(), merged.histograms());
        let file = serde_json::to_string(&other.histograms()).unwrap();
        for (own, read) in histograms.iter_mut().zip(serde_json::from_str::<Vec<Histogram>>(&file).unwrap()) {
            own.merge(&read).unwrap();
        }
        prop_assert_eq!(whole.histograms(), histograms);
        for usage in whole.compute() {
            prop_assert!(usage.perplexity >= 1.0 - 1e-9 && usage.perplexity <= usage.used as f64 + 1e-9);
        }
    }

    #[test]
    fn gini_depends_only_on_the_shares(
        counts in prop::collection::vec(0_i64..1000, 1..40), turn in 0_usize..40, scale in 2_i64..1_000_000,
    ) {
        let gini = histogram(counts.clone()).gini();
        let most = 1.0 - 1.0 / counts.len() as f64;
        prop_assert!((0.0..1.0).contains(&gini) && gini <= most + 1e-12, "{gini}");
        let turned: Vec<i64> = counts.iter().cycle().skip(turn).take(counts.len()).copied().collect();
        prop_assert_eq!(histogram(turned).gini(), gini);
        let scaled: Vec<i64> = counts.iter().map(|count| count * scale).collect();
        prop_assert!((histogram(scaled).gini() - gini).abs() < 1e-12);
        let uniform = vec![counts[0] + 1; counts.len()];
        prop_assert_eq!(histogram(uniform).gini(), 0.0);
    }
}
