use proptest::prelude::*;
use tch::Tensor;
use vq_core::{Layout, Slot, UsageCounter, UsageWindow};

use crate::support::ids;

fn layout() -> Layout {
    let slot = |group: &str, codes| Slot { group: group.into(), codes };
    Layout { channels: 4, codes: 7, slots: vec![slot("a", 0..4), slot("b", 4..7)] }
}

fn batch(values: &[(i64, i64)]) -> Tensor {
    let flat: Vec<i64> = values.iter().flat_map(|&(a, b)| [a, b]).collect();
    ids(&flat, &[1, 1, values.len() as i64, 2])
}

proptest! {
    #[test]
    fn a_window_equals_a_counter_of_its_batches(
        batches in prop::collection::vec(prop::collection::vec((0_i64..4, 4_i64..7), 1..6), 1..9),
        dim in 1_usize..5,
    ) {
        let mut window = UsageWindow::new(&layout(), dim).unwrap();
        for (number, values) in batches.iter().enumerate() {
            window.update(&batch(values)).unwrap();
            let mut counter = UsageCounter::new(&layout()).unwrap();
            for values in &batches[(number + 1).saturating_sub(dim)..=number] {
                counter.update(&batch(values)).unwrap();
            }
            prop_assert_eq!(window.histograms(), counter.histograms());
            prop_assert_eq!(window.compute(), counter.compute());
        }
    }

    #[test]
    fn masked_ids_are_not_counted(values in prop::collection::vec((0_i64..4, 4_i64..7, any::<bool>()), 1..20)) {
        let all: Vec<(i64, i64)> = values.iter().map(|&(a, b, _)| (a, b)).collect();
        let kept: Vec<(i64, i64)> = values.iter().filter(|&&(.., keep)| keep).map(|&(a, b, _)| (a, b)).collect();
        let mask: Vec<bool> = values.iter().map(|&(.., keep)| keep).collect();
        let mask = Tensor::from_slice(&mask).view([1, 1, -1]);
        let mut masked = (UsageCounter::new(&layout()).unwrap(), UsageWindow::new(&layout(), 1).unwrap());
        masked.0.update_masked(&batch(&all), Some(&mask)).unwrap();
        masked.1.update_masked(&batch(&all), Some(&mask)).unwrap();
        let mut expected = UsageCounter::new(&layout()).unwrap();
        expected.update(&batch(&kept)).unwrap();
        prop_assert_eq!(masked.0.histograms(), expected.histograms());
        prop_assert_eq!(masked.1.histograms(), expected.histograms());
    }
}

#[test]
fn histograms_list_dead_codes_and_ranks() {
    let mut counter = UsageCounter::new(&layout()).unwrap();
    counter.update(&batch(&[(1, 6), (1, 6), (3, 6)])).unwrap();
    let [a, b] = &counter.histograms()[..] else { panic!("two groups") };
    assert_eq!((a.group.as_str(), a.codes.clone(), &a.counts[..]), ("a", 0..4, &[0, 2, 0, 1][..]));
    assert_eq!((a.dead(), a.ranked(), a.total()), (vec![0, 2], vec![2, 1, 0, 0], 3));
    assert_eq!((b.dead(), b.ranked(), b.perplexity()), (vec![4, 5], vec![3, 0, 0], 1.0));
    assert_eq!((b.usage().used, b.usage().dead(), b.usage().size), (1, 2, 3));
}

#[test]
fn invalid_inputs_are_errors() {
    let error = UsageWindow::new(&layout(), 0).unwrap_err().to_string();
    assert_eq!(error, "UsageWindow::new: expected a window of at least one batch, got 0");
    let mut window = UsageWindow::new(&layout(), 2).unwrap();
    let error = window.update(&batch(&[(4, 4)])).unwrap_err().to_string();
    assert_eq!(error, "UsageWindow::update: expected ids of slot 0 (a) in 0..4, got 4");
    let mask = Tensor::from_slice(&[true, false]);
    assert!(window.update_masked(&batch(&[(0, 4), (0, 4)]), Some(&mask)).is_err());
    assert_eq!(window.compute()[0].used, 0, "a refused batch was counted");
}
