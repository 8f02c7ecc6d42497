//! Against an independent PyTorch implementation; `tests/data/make_generate.py` makes the file.

use std::ops::Range;

use tch::nn::{self, OptimizerConfig};
use tch::{Device, Kind, Tensor};
use vq_core::Mode;
use vq_generate::{Condition, GeneratorConfig, IdSource, Order, Positions, TransformerConfig};

use crate::support::{BY_ID, GROUPS, Given, PLAIN, assert_close, by_id, config, golden, ids, in_rounds, names, tokens};

/// The condition that the file has.
fn stored(given: Given) -> Condition {
    let golden = golden("generate.safetensors");
    match given {
        Given::Nothing => Condition::None,
        Given::Class => Condition::Class(golden["classes"].copy()),
        Given::Text => Condition::Text { ids: golden["text"].copy(), lengths: golden["lengths"].copy() },
        Given::Map => Condition::Tokens(golden["map"].copy()),
    }
}

fn check(case: &str, slots: &[Range<i64>], given: Given, config: &GeneratorConfig) {
    let golden = golden("generate.safetensors");
    let expected = |name: &str| &golden[&format!("{case}.{name}")];
    let tokens = tokens(2, 3, slots);
    let made = by_id(0, &tokens, given, config);
    let chosen = ids(1, 2, &tokens);
    assert_eq!(&chosen, expected("ids"));
    let condition = stored(given);

    let scores = made.generator.scores(&chosen, &condition).unwrap();
    assert_eq!(scores.len(), slots.len());
    for (slot, scores) in scores.iter().enumerate() {
        assert_close(scores, expected(&format!("scores.{slot}")), 1e-4, &format!("scores of slot {slot}"));
    }
    let likelihood = made.generator.log_likelihood(&chosen, &condition).unwrap();
    assert_close(&likelihood, expected("log_likelihood"), 1e-5, "likelihood");

    // In `Eval`, nothing is dropped, as in the reference.
    let adam = nn::AdamW { beta1: 0.9, beta2: 0.999, wd: 0.01, eps: 1e-4, amsgrad: false };
    let mut optimizer = adam.build(&made.store, 0.05).unwrap();
    let loss = made.generator.loss(&chosen, &condition, Mode::Eval).unwrap();
    assert_close(&loss.loss, expected("loss"), 1e-5, "loss");
    optimizer.backward_step(&loss.loss);
    let names = names(&made.store);
    for name in &names {
        // A first step of AdamW multiplies the rounding of a small gradient by up to lr / eps = 500, and processors round
        // differently.
        assert_close(&made.store.variables()[name], expected(&format!("after.{name}")), 3e-4, name);
    }
    let theirs = golden.keys().filter(|key| key.starts_with(&format!("{case}.after."))).count();
    assert_eq!(names.len(), theirs, "parameters");
}

#[test]
fn one_slot() {
    check("plain", PLAIN, Given::Nothing, &config(BY_ID, Positions::Learned, false));
}

#[test]
fn three_slots_with_classes_and_rotary_positions() {
    check("grouped", GROUPS, Given::Class, &config(BY_ID, Positions::Rotary2d, true));
}

#[test]
fn texts() {
    check("text", PLAIN, Given::Text, &config(BY_ID, Positions::Learned, true));
}

#[test]
fn maps() {
    check("map", GROUPS, Given::Map, &config(BY_ID, Positions::Rotary2d, false));
}

#[test]
fn codes() {
    let by_codes = |positions, tied| GeneratorConfig { ids: IdSource::Codes, ..config(BY_ID, positions, tied) };
    check("codes", GROUPS, Given::Class, &by_codes(Positions::Rotary2d, false));
    check("tied-codes", PLAIN, Given::Nothing, &by_codes(Positions::Learned, true));
}

#[test]
fn masks() {
    let golden = golden("generate.safetensors");
    let tokens = tokens(2, 3, GROUPS);
    let plain = config(Order::Masked, Positions::Learned, false);
    for (case, config) in
        [("masked", plain.clone()), ("masked-codes", GeneratorConfig { ids: IdSource::Codes, ..plain })]
    {
        let made = in_rounds(0, &tokens, Given::Class, &config);
        let chosen = ids(1, 2, &tokens);
        let masked = Tensor::arange(36, (Kind::Int64, Device::Cpu)).remainder(3).not_equal(1).view_as(&chosen);
        let scores = made.generator.scores(&chosen, &masked, &stored(Given::Class)).unwrap();
        for (slot, scores) in scores.iter().enumerate() {
            assert_close(scores, &golden[&format!("{case}.scores.{slot}")], 1e-4, &format!("{case}, slot {slot}"));
        }
    }
}

#[test]
fn options_are_read_from_toml() {
    let text = r#"
        ids = "codes"
        condition_dropout = 0.2
        [order]
        kind = "autoregressive"
        depth_layers = 2
        [transformer]
        width = 64
        heads = 4
        positions = "rotary-2d"
        tie_weights = true
    "#;
    let expected = GeneratorConfig {
        order: Order::Autoregressive { depth_layers: 2 },
        transformer: TransformerConfig {
            width: 64,
            heads: 4,
            positions: Positions::Rotary2d,
            tie_weights: true,
            ..Default::default()
        },
        ids: IdSource::Codes,
        condition_dropout: 0.2,
        label_smoothing: 0.0,
    };
    assert_eq!(toml::from_str::<GeneratorConfig>(text).unwrap(), expected);
    assert!(toml::from_str::<GeneratorConfig>("order = { kind = \"masked\" }").unwrap().order == Order::Masked);
    assert!(toml::from_str::<GeneratorConfig>("widht = 3").is_err());
}
