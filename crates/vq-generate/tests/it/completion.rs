//! Completion of given positions.

use proptest::prelude::*;
use tch::{Kind, Tensor};
use vq_generate::{Condition, GenerationConfig, Known, Order, Positions, RoundsConfig, SampleRequest};

use crate::support::{BY_ID, GROUPS, Given, by_id, condition, config, ids, in_rounds, tokens};

/// A mask `[2, 3, 2]` of 12 bits.
fn mask(bits: u64) -> Tensor {
    let bits: Vec<i64> = (0..12).map(|bit| ((bits >> bit) & 1) as i64).collect();
    Tensor::from_slice(&bits).to_kind(Kind::Bool).view([2, 3, 2])
}

fn kept(sampled: &Tensor, known: &Known) -> bool {
    let same = sampled.eq_tensor(&known.ids).all_dim(-1, false); // [B, H, W]
    same.logical_or(&known.mask.logical_not()).all().int64_value(&[]) == 1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

    #[test]
    fn known_ids_are_kept_exactly(
        seed in 0_usize..1000, bits in 0_u64..4096, steps in 1_i64..12, choice_temperature in 0.0..9.0,
    ) {
        let tokens = tokens(3, 2, GROUPS);
        let condition = condition(Given::Class, 2);
        let known = Known { ids: ids(seed as i64, 2, &tokens), mask: mask(bits) };
        let request = SampleRequest { seeds: &[1, seed as u64], condition: &condition, known: Some(&known) };

        let made = by_id(seed, &tokens, Given::Class, &config(BY_ID, Positions::Rotary2d, false));
        let sampled = made.generator.sample(&request, &GenerationConfig::default()).unwrap();
        prop_assert!(kept(&sampled.ids, &known));
        tokens.layout.check_indices("test", &sampled.ids).unwrap();

        let made = in_rounds(seed, &tokens, Given::Class, &config(Order::Masked, Positions::Rotary2d, false));
        let rounds = Some(RoundsConfig { steps, choice_temperature });
        let config = GenerationConfig { rounds, guidance: 1.5, ..Default::default() };
        let sampled = made.generator.sample(&request, &config, &mut |_| {}).unwrap();
        prop_assert!(kept(&sampled.ids, &known));
        tokens.layout.check_indices("test", &sampled.ids).unwrap();
    }

    #[test]
    fn a_completed_image_equals_the_sampled_one(seed in 0_usize..1000, rows in 0_i64..=3) {
        let tokens = tokens(3, 2, GROUPS);
        let mut made = by_id(seed, &tokens, Given::Nothing, &config(BY_ID, Positions::Learned, false));
        made.generator.set_compute_dtype(Kind::Double);
        let request = SampleRequest { seeds: &[1, 2], condition: &Condition::None, known: None };
        let whole = made.generator.sample(&request, &GenerationConfig::default()).unwrap();
        // With the same seeds, the ids after the known rows are drawn as before.
        let known = Known::upper(&whole.ids, rows).unwrap();
        let completed = SampleRequest { known: Some(&known), ..request };
        let completed = made.generator.sample(&completed, &GenerationConfig::default()).unwrap();
        prop_assert_eq!(completed.ids, whole.ids);
    }

    #[test]
    fn later_positions_are_conditioned_on_known_ones(seed in 0_usize..1000) {
        // For two images with different known ids at the same positions, the log-probabilities of the other ids equal the
        // likelihood.
        let tokens = tokens(3, 2, GROUPS);
        let mut made = by_id(seed, &tokens, Given::Nothing, &config(BY_ID, Positions::Learned, false));
        made.generator.set_compute_dtype(Kind::Double);
        let known = Known { ids: ids(seed as i64, 2, &tokens), mask: mask(0b0010_1001_0010) };
        let request = SampleRequest { seeds: &[1, 2], condition: &Condition::None, known: Some(&known) };
        let sampled = made.generator.sample(&request, &GenerationConfig::default()).unwrap();
        let scores = made.generator.scores(&sampled.ids, &Condition::None).unwrap();
        for image in 0..2_i64 {
            let mut expected = 0.0;
            for position in 0..6_i64 {
                if known.mask.int64_value(&[image, position / 2, position % 2]) == 1 {
                    continue;
                }
                for (slot, scores) in scores.iter().enumerate() {
                    let id = sampled.ids.int64_value(&[image, position / 2, position % 2, slot as i64]);
                    let token = id - tokens.layout.slots[slot].codes.start;
                    expected += scores.log_softmax(-1, Kind::Double).double_value(&[image, position, token]);
                }
            }
            let got = sampled.log_probabilities[image as usize];
            prop_assert!((got - expected).abs() < 1e-9, "{got} and {expected}");
        }
    }
}

#[test]
fn a_fully_known_image_is_returned() {
    let tokens = tokens(3, 2, GROUPS);
    let known = Known::upper(&ids(5, 2, &tokens), 3).unwrap();
    let request = SampleRequest { seeds: &[1, 2], condition: &Condition::None, known: Some(&known) };
    let config_of = |order| config(order, Positions::Learned, false);
    let by_id = by_id(1, &tokens, Given::Nothing, &config_of(BY_ID));
    let in_rounds = in_rounds(1, &tokens, Given::Nothing, &config_of(Order::Masked));
    let sampled = by_id.generator.sample(&request, &GenerationConfig::default()).unwrap();
    assert_eq!((sampled.ids, sampled.log_probabilities), (known.ids.copy(), vec![0.0, 0.0]));
    let mut rounds = 0;
    let sampled = in_rounds.generator.sample(&request, &GenerationConfig::default(), &mut |_| rounds += 1).unwrap();
    assert_eq!((sampled.ids, rounds), (known.ids.copy(), 0));
}

#[test]
fn upper_masks_the_first_rows() {
    let tokens = tokens(3, 2, GROUPS);
    let mask = Known::upper(&ids(5, 1, &tokens), 2).unwrap().mask;
    assert_eq!(Vec::<bool>::try_from(mask.flatten(0, -1)).unwrap(), [true, true, true, true, false, false]);
}
