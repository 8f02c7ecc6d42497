//! Laws of sampling in rounds.

use proptest::prelude::*;
use tch::{Kind, Tensor};
use vq_generate::{Condition, GenerationConfig, Order, Positions, RoundsConfig, SampleConfig, SampleRequest};

use crate::support::{GROUPS, Given, condition, config, in_rounds, single, tokens};

fn rounds(steps: i64, choice_temperature: f64) -> GenerationConfig {
    GenerationConfig { rounds: Some(RoundsConfig { steps, choice_temperature }), ..Default::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..Default::default() })]

    #[test]
    fn an_image_does_not_depend_on_its_batch(seed in 0_usize..1000, steps in 1_i64..9, guidance in 0.0..3.0) {
        let tokens = tokens(3, 2, GROUPS);
        let mut made = in_rounds(seed, &tokens, Given::Text, &config(Order::Masked, Positions::Rotary2d, true));
        made.generator.set_compute_dtype(Kind::Double);
        let condition = condition(Given::Text, 3);
        let config = GenerationConfig { guidance, ..rounds(steps, 4.5) };
        let seeds = [seed as u64, 8, 9];
        let request = SampleRequest { seeds: &seeds, condition: &condition, known: None };
        let together = made.generator.sample(&request, &config, &mut |_| {}).unwrap();
        for image in 0..3_i64 {
            let condition = single(&condition, image);
            let seeds = &seeds[image as usize..][..1];
            let request = SampleRequest { seeds, condition: &condition, known: None };
            let alone = made.generator.sample(&request, &config, &mut |_| {}).unwrap();
            prop_assert_eq!(alone.ids, together.ids.narrow(0, image, 1));
        }
    }

    #[test]
    fn one_round_draws_each_id_by_itself(seed in 0_usize..1000) {
        let tokens = tokens(3, 2, GROUPS);
        let mut made = in_rounds(seed, &tokens, Given::Nothing, &config(Order::Masked, Positions::Learned, false));
        made.generator.set_compute_dtype(Kind::Double);
        let request = SampleRequest { seeds: &[seed as u64], condition: &Condition::None, known: None };
        let sampled = made.generator.sample(&request, &rounds(1, 4.5), &mut |_| {}).unwrap();
        let masked = sampled.ids.ones_like().to_kind(Kind::Bool);
        let scores = made.generator.scores(&sampled.ids, &masked, &Condition::None).unwrap();
        let mut expected = 0.0;
        for (slot, scores) in scores.iter().enumerate() {
            let targets = sampled.ids.select(-1, slot as i64).flatten(1, 2) - GROUPS[slot].start;
            let terms = scores.log_softmax(-1, Kind::Double).gather(-1, &targets.unsqueeze(-1), false);
            expected += terms.sum(Kind::Double).double_value(&[]);
        }
        prop_assert!((sampled.log_probabilities[0] - expected).abs() < 1e-9);
    }
}

#[test]
fn each_round_keeps_at_least_one_and_the_last_all() {
    let tokens = tokens(3, 2, GROUPS);
    let made = in_rounds(1, &tokens, Given::Nothing, &config(Order::Masked, Positions::Learned, false));
    let request = SampleRequest { seeds: &[1], condition: &Condition::None, known: None };
    for (steps, expected) in [(1, 1), (4, 4), (18, 18), (1000, 18)] {
        let mut calls = 0;
        let sampled = made.generator.sample(&request, &rounds(steps, 0.0), &mut |_| calls += 1).unwrap();
        assert_eq!(calls, expected, "{steps} steps");
        tokens.layout.check_indices("test", &sampled.ids).unwrap();
    }
}

#[test]
fn the_most_confident_ids_are_kept_first() {
    // Without noise and with `top_k = 1`, a round keeps the ids of highest probability.
    let tokens = tokens(3, 2, &[0..7]);
    for seed in 0..8 {
        let mut made = in_rounds(seed, &tokens, Given::Nothing, &config(Order::Masked, Positions::Learned, false));
        made.generator.set_compute_dtype(Kind::Double);
        let draw = SampleConfig { top_k: Some(1), ..Default::default() };
        let config = GenerationConfig { draw, ..rounds(4, 0.0) };
        let request = SampleRequest { seeds: &[1], condition: &Condition::None, known: None };
        let sampled = made.generator.sample(&request, &config, &mut |_| {}).unwrap();

        let ids = Tensor::zeros_like(&sampled.ids);
        let masked = ids.ones_like().to_kind(Kind::Bool);
        // 6 cos(pi / 8 n), rounded down.
        for left in [5, 4, 2, 0] {
            let scores = made.generator.scores(&ids, &masked, &Condition::None).unwrap()[0].get(0); // [P, V]
            let (confidences, codes) = scores.softmax(-1, Kind::Double).max_dim(1, false);
            let hidden = masked.view([-1]);
            let order = confidences.where_scalarother(&hidden, -1.0).argsort(0, true);
            let keep = hidden.sum(Kind::Int64).int64_value(&[]) - left;
            for position in Vec::<i64>::try_from(order.narrow(0, 0, keep)).unwrap() {
                let _ = ids.view([-1]).get(position).fill_(codes.int64_value(&[position]));
                let _ = hidden.get(position).fill_(0);
            }
        }
        assert_eq!(sampled.ids, ids, "seed {seed}");
    }
}
