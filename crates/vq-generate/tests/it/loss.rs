//! Laws of the loss.

use tch::{Device, Kind, Tensor, nn};
use vq_core::Mode;
use vq_generate::{Condition, Conditioning, Generator, GeneratorBatch, GeneratorConfig, Order, Positions};

use crate::support::{BY_ID, GROUPS, Given, assert_close, by_id, condition, config, ids, in_rounds, tokens};

#[test]
fn is_the_mean_of_log_likelihoods() {
    let tokens = tokens(3, 2, GROUPS);
    let made = by_id(2, &tokens, Given::Class, &config(BY_ID, Positions::Learned, false));
    let (ids, condition) = (ids(1, 3, &tokens), condition(Given::Class, 3));
    let loss = made.generator.loss(&ids, &condition, Mode::Eval).unwrap();
    let likelihood = made.generator.log_likelihood(&ids, &condition).unwrap();
    assert_close(&loss.loss, &(-likelihood.sum(Kind::Double) / 54.0), 1e-6, "loss");
    assert_close(&loss.negative_log_likelihood, &loss.loss, 1e-6, "without smoothing");
    assert_close(&loss.slots.mean(Kind::Float), &loss.loss, 1e-6, "mean of slots");
    assert_eq!(Vec::<i64>::try_from(&loss.counts).unwrap(), [18, 18, 18]);
    assert!((loss.perplexity() - loss.loss.double_value(&[]).exp()).abs() < 1e-4);
}

#[test]
fn smoothing_changes_the_loss_only() {
    let tokens = tokens(3, 2, GROUPS);
    let plain = config(BY_ID, Positions::Learned, false);
    let smooth = GeneratorConfig { label_smoothing: 0.1, ..plain.clone() };
    let loss = |config| {
        by_id(2, &tokens, Given::Nothing, config)
            .generator
            .loss(&ids(1, 3, &tokens), &Condition::None, Mode::Eval)
            .unwrap()
    };
    let (plain, smooth) = (loss(&plain), loss(&smooth));
    assert_eq!(plain.negative_log_likelihood, smooth.negative_log_likelihood);
    assert_ne!(plain.loss, smooth.loss);
}

#[test]
fn later_ids_do_not_change_earlier_scores() {
    let tokens = tokens(3, 2, GROUPS);
    let made = by_id(2, &tokens, Given::Map, &config(BY_ID, Positions::Rotary2d, false));
    let condition = condition(Given::Map, 1);
    let (one, other) = (ids(1, 1, &tokens), ids(1, 1, &tokens));
    // The noun of position 3.
    let _ = other.get(0).get(1).get(1).get(2).fill_(if one.int64_value(&[0, 1, 1, 2]) == 5 { 6 } else { 5 });
    let before = made.generator.scores(&one, &condition).unwrap();
    let after = made.generator.scores(&other, &condition).unwrap();
    for (before, after) in before.iter().zip(&after) {
        assert_close(&after.narrow(1, 0, 4), &before.narrow(1, 0, 4), 1e-6, "up to the position");
        assert!((after - before).narrow(1, 4, 2).abs().min().double_value(&[]) > 0.0, "behind it");
    }
}

#[test]
fn dropping_all_conditions_equals_no_condition() {
    let tokens = tokens(3, 2, GROUPS);
    for given in [Given::Class, Given::Text, Given::Map] {
        let mut config = config(BY_ID, Positions::Learned, false);
        config.transformer.dropout = 0.0;
        config.condition_dropout = 1.0;
        let made = by_id(2, &tokens, given, &config);
        let ids = ids(1, 3, &tokens);
        let dropped = made.generator.loss(&ids, &condition(given, 3), Mode::Train).unwrap();
        let none = made.generator.loss(&ids, &Condition::None, Mode::Train).unwrap();
        let with = made.generator.loss(&ids, &condition(given, 3), Mode::Eval).unwrap();
        assert_close(&dropped.loss, &none.loss, 1e-6, "dropped");
        assert!((with.loss - none.loss).abs().double_value(&[]) > 1e-5, "{given:?} changes the loss");
    }
}

#[test]
fn an_empty_text_is_no_condition_and_padding_does_not_matter() {
    let tokens = tokens(3, 2, GROUPS);
    let made = by_id(2, &tokens, Given::Text, &config(BY_ID, Positions::Learned, false));
    let ids = ids(1, 2, &tokens);
    let loss = |condition: &Condition| made.generator.log_likelihood(&ids, condition).unwrap();
    let text = |ids: &[i64], lengths: &[i64]| Condition::Text {
        ids: Tensor::from_slice(ids).view([2, -1]),
        lengths: Tensor::from_slice(lengths),
    };
    assert_eq!(loss(&text(&[3, 4, 5, 6], &[0, 0])), loss(&Condition::None));
    let short = loss(&text(&[3, 4, 5, 6], &[1, 2]));
    assert_eq!(loss(&text(&[3, 9, 9, 9, 5, 6, 1, 1], &[1, 2])), short);
    assert_ne!(loss(&text(&[3, 4, 5, 6], &[2, 2])), short);
}

#[test]
fn masks_follow_the_schedule() {
    let tokens = tokens(3, 2, GROUPS);
    let made = in_rounds(2, &tokens, Given::Nothing, &config(Order::Masked, Positions::Learned, false));
    let ids = ids(1, 4000, &tokens);
    tch::manual_seed(1);
    let loss = made.generator.loss(&ids, &Condition::None, Mode::Train).unwrap();
    let masked = loss.counts.sum(Kind::Int64).int64_value(&[]) as f64 / (4000.0 * 18.0);
    // The mean of the cosine, and half an id for rounding up.
    let expected = 2.0 / std::f64::consts::PI + 0.5 / 18.0;
    assert!((masked - expected).abs() < 0.03, "{masked}, expected {expected}");
    let eval = || made.generator.loss(&ids, &Condition::None, Mode::Eval).unwrap();
    assert_eq!(eval().loss, eval().loss, "Eval is deterministic");
}

/// Memorizes one image of each class, and samples it.
fn learns(order: Order) {
    let tokens = tokens(3, 2, GROUPS);
    let store = nn::VarStore::new(Device::Cpu);
    tch::manual_seed(3);
    let mut config = config(order, Positions::Learned, false);
    config.transformer.dropout = 0.0;
    config.condition_dropout = 0.0;
    let generator = Generator::new(&store.root(), &tokens, None, &Conditioning::Class { classes: 3 }, &config).unwrap();
    let images = ids(1, 3, &tokens);
    let classes = Tensor::from_slice(&[0_i64, 1, 2]);
    let batch = GeneratorBatch { ids: images.copy(), condition: Condition::Class(classes) };
    let mut optimizer = nn::OptimizerConfig::build(nn::Adam::default(), &store, 3e-3).unwrap();
    for _ in 0..300 {
        optimizer.backward_step(&generator.loss(&batch, Mode::Train).unwrap().loss);
    }
    let request = vq_generate::SampleRequest { seeds: &[1, 2, 3], condition: &batch.condition, known: None };
    let draw = vq_generate::SampleConfig { top_k: Some(1), ..Default::default() };
    let config = vq_generate::GenerationConfig { draw, ..Default::default() };
    let left = generator.loss(&batch, Mode::Eval).unwrap().negative_log_likelihood.double_value(&[]);
    assert_eq!(generator.sample(&request, &config).unwrap().ids, images, "each class has its image; {left} nats left");
}

#[test]
fn an_autoregressive_generator_learns() {
    learns(BY_ID);
}

#[test]
fn a_masked_generator_learns() {
    learns(Order::Masked);
}
