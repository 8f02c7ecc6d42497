//! Laws of sampling id by id, over seeded random generators.

use std::ops::Range;

use proptest::prelude::*;
use tch::{Kind, Tensor};
use vq_generate::{
    Autoregressive, Condition, GenerationConfig, GeneratorConfig, IdSource, Known, Positions, Progress, SampleConfig,
    SampleRequest,
};

use crate::support::{BY_ID, GROUPS, Given, Made, PLAIN, by_id, condition, config, single, tokens};

/// In `Double`, so that rounding, which depends on the batch size, changes no draw.
fn generator(seed: usize, slots: &[Range<i64>], given: Given, positions: Positions) -> Made<Autoregressive> {
    let ids = if seed.is_multiple_of(3) { IdSource::Codes } else { IdSource::Learned };
    let config = GeneratorConfig { ids, ..config(BY_ID, positions, seed.is_multiple_of(2)) };
    let mut made = by_id(seed, &tokens(3, 2, slots), given, &config);
    made.generator.set_compute_dtype(Kind::Double);
    made
}

fn request<'a>(seeds: &'a [u64], condition: &'a Condition) -> SampleRequest<'a> {
    SampleRequest { seeds, condition, known: None }
}

fn any_given() -> impl Strategy<Value = Given> {
    prop::sample::select(vec![Given::Nothing, Given::Class, Given::Text, Given::Map])
}

fn any_slots() -> impl Strategy<Value = &'static [Range<i64>]> {
    prop::sample::select(vec![PLAIN, GROUPS])
}

fn any_positions() -> impl Strategy<Value = Positions> {
    prop::sample::select(vec![Positions::Learned, Positions::Rotary2d])
}

/// Samples without a cache: reads all ids again for each.
fn uncached(made: &Made<Autoregressive>, slots: &[Range<i64>], seed: u64, condition: &Condition) -> Tensor {
    let mut ids = tokens_of_firsts(slots);
    let mut stream = vq_random::RandomStream::new(seed);
    for position in 0..6 {
        for (slot, codes) in slots.iter().enumerate() {
            let grid = ids.view([1, 3, 2, slots.len() as i64]);
            let scores = made.generator.scores(&grid, condition).unwrap();
            let row = scores[slot].select(1, position); // [1, V]
            let drawn = SampleConfig::default().sample(&row, &[stream.unit()])[0];
            let _ = ids.get(position).get(slot as i64).fill_(codes.start + drawn.token);
        }
    }
    ids = ids.view([1, 3, 2, slots.len() as i64]);
    ids
}

/// Ids `[6, S]`, each the first code of its slot.
fn tokens_of_firsts(slots: &[Range<i64>]) -> Tensor {
    let firsts: Vec<i64> = slots.iter().map(|codes| codes.start).collect();
    Tensor::from_slice(&firsts).repeat([6, 1])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..Default::default() })]

    #[test]
    fn cached_sampling_equals_uncached(
        seed in 0_usize..1000, slots in any_slots(), given in any_given(), positions in any_positions(),
    ) {
        let made = generator(seed, slots, given, positions);
        let condition = condition(given, 2);
        let seeds = [seed as u64, 7];
        let sampled = made.generator.sample(&request(&seeds, &condition), &GenerationConfig::default()).unwrap();
        for (image, seed) in (0..).zip(seeds) {
            let expected = uncached(&made, slots, seed, &single(&condition, image));
            prop_assert_eq!(sampled.ids.narrow(0, image, 1), expected);
        }
    }

    #[test]
    fn sampled_probabilities_equal_the_likelihood(
        seed in 0_usize..1000, slots in any_slots(), given in any_given(), positions in any_positions(),
    ) {
        let made = generator(seed, slots, given, positions);
        let condition = condition(given, 3);
        let sampled =
            made.generator.sample(&request(&[1, 2, seed as u64], &condition), &GenerationConfig::default()).unwrap();
        let likelihood = made.generator.log_likelihood(&sampled.ids, &condition).unwrap();
        for (image, product) in sampled.log_probabilities.iter().enumerate() {
            let whole = likelihood.double_value(&[image as i64]);
            prop_assert!((whole - product).abs() < 1e-9 * whole.abs().max(1.0), "{whole} and {product}");
        }
    }

    #[test]
    fn an_image_does_not_depend_on_its_batch(
        seed in 0_usize..1000, slots in any_slots(), given in any_given(), guidance in 0.0..4.0,
    ) {
        let made = generator(seed, slots, given, Positions::Learned);
        let condition = condition(given, 4);
        let seeds = [seed as u64, 8, 9, 10];
        let draw = SampleConfig { temperature: 0.8, top_k: Some(4), top_p: 0.9 };
        let config = GenerationConfig { draw, guidance, rounds: None };
        let together = made.generator.sample(&request(&seeds, &condition), &config).unwrap();
        for image in 0..4_i64 {
            let condition = single(&condition, image);
            let seed = &seeds[image as usize..][..1];
            let alone = made.generator.sample(&request(seed, &condition), &config).unwrap();
            prop_assert_eq!(&alone.ids, &together.ids.narrow(0, image, 1));
        }
    }

    #[test]
    fn probabilities_sum_to_one_over_all_images(seed in 0_usize..1000) {
        let tokens = tokens(1, 2, &[0..2, 2..4]);
        let mut made = by_id(seed, &tokens, Given::Nothing, &config(BY_ID, Positions::Learned, false));
        made.generator.set_compute_dtype(Kind::Double);
        let all: Vec<i64> =
            (0..16).flat_map(|i| [i & 1, 2 + ((i >> 1) & 1), (i >> 2) & 1, 2 + ((i >> 3) & 1)]).collect();
        let ids = Tensor::from_slice(&all).view([16, 1, 2, 2]);
        let total = made.generator.log_likelihood(&ids, &Condition::None).unwrap().exp().sum(Kind::Double);
        prop_assert!((total.double_value(&[]) - 1.0).abs() < 1e-9, "{total:?}");
    }
}

#[test]
fn guidance_moves_scores_away_from_the_unconditional_ones() {
    let made = generator(3, PLAIN, Given::Class, Positions::Learned);
    let condition = condition(Given::Class, 1);
    let ids = |guidance: f64, condition: &Condition| {
        let config = GenerationConfig { guidance, ..Default::default() };
        let seeds: Vec<u64> = (0..20).collect();
        let drawn = seeds.iter().map(|seed| made.generator.sample(&request(&[*seed], condition), &config).unwrap().ids);
        Tensor::cat(&drawn.collect::<Vec<_>>(), 0)
    };
    assert_eq!(ids(0.0, &condition), ids(1.0, &Condition::None), "weight 0 is unconditional");
    assert_eq!(ids(3.0, &Condition::None), ids(1.0, &Condition::None), "no condition");
    assert_ne!(ids(3.0, &condition), ids(1.0, &condition));

    // The first id's probability, by hand.
    let config = GenerationConfig { guidance: 3.0, ..Default::default() };
    let tokens = tokens(1, 1, PLAIN);
    let mut made = by_id(3, &tokens, Given::Class, &config_of_one());
    made.generator.set_compute_dtype(Kind::Double);
    let sampled = made.generator.sample(&request(&[5], &condition), &config).unwrap();
    let with = made.generator.scores(&sampled.ids, &condition).unwrap()[0].squeeze();
    let without = made.generator.scores(&sampled.ids, &Condition::None).unwrap()[0].squeeze();
    let mixed = (&without + (with - &without) * 3.0).log_softmax(-1, Kind::Double);
    let expected = mixed.double_value(&[sampled.ids.int64_value(&[0, 0, 0, 0])]);
    assert!((sampled.log_probabilities[0] - expected).abs() < 1e-9, "{sampled:?}, {expected}");
}

fn config_of_one() -> vq_generate::GeneratorConfig {
    config(BY_ID, Positions::Learned, false)
}

#[test]
fn draws_follow_the_probabilities() {
    let tokens = tokens(1, 1, &[0..3, 3..5]);
    let mut made = by_id(4, &tokens, Given::Nothing, &config_of_one());
    made.generator.set_compute_dtype(Kind::Double);
    let count = 3000_u64;
    let seeds: Vec<u64> = (0..count).collect();
    let sampled = made.generator.sample(&request(&seeds, &Condition::None), &GenerationConfig::default()).unwrap();
    for (first, second) in (0..3_i64).flat_map(|first| (3..5_i64).map(move |second| (first, second))) {
        let ids = Tensor::from_slice(&[first, second]).view([1, 1, 1, 2]);
        let expected = made.generator.log_likelihood(&ids, &Condition::None).unwrap().double_value(&[0]).exp();
        let hits = sampled.ids.eq_tensor(&ids).all_dim(-1, false).sum(Kind::Int64).int64_value(&[]);
        let got = hits as f64 / count as f64;
        // Four standard deviations.
        let spread = 4.0 * (expected * (1.0 - expected) / count as f64).sqrt();
        assert!((got - expected).abs() <= spread, "{first}, {second}: {got}, expected {expected}");
    }
}

#[test]
fn progress_is_reported_for_each_position() {
    let made = generator(1, GROUPS, Given::Nothing, Positions::Learned);
    let mut reported = Vec::new();
    let known = Known::upper(&made_ids(), 1).unwrap();
    let request = SampleRequest { seeds: &[1], condition: &Condition::None, known: Some(&known) };
    let sampler = made.generator.sampler();
    sampler.sample(&request, &GenerationConfig::default(), &mut |progress| reported.push(progress)).unwrap();
    let expected: Vec<_> = (3..=6).map(|done| Progress { done, total: 6 }).collect();
    assert_eq!(reported, expected, "two positions were given");
}

fn made_ids() -> Tensor {
    crate::support::ids(2, 1, &tokens(3, 2, GROUPS))
}
