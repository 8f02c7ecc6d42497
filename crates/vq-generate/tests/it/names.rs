//! Parameters are registered under the names that are documented.

use vq_generate::{Order, Positions};

use crate::support::{BY_ID, GROUPS, Given, PLAIN, by_id, config, in_rounds, names, tokens};

const BLOCK: [&str; 12] = [
    "attention.output.bias",
    "attention.output.weight",
    "attention.qkv.bias",
    "attention.qkv.weight",
    "mlp.down.bias",
    "mlp.down.weight",
    "mlp.up.bias",
    "mlp.up.weight",
    "norm1.bias",
    "norm1.weight",
    "norm2.bias",
    "norm2.weight",
];

/// Names of blocks and what is named besides.
fn check(got: Vec<String>, blocks: &[&str], others: &[&str]) {
    let mut expected: Vec<String> =
        blocks.iter().flat_map(|block| BLOCK.iter().map(move |name| format!("{block}.{name}"))).collect();
    expected.extend(others.iter().map(|name| (*name).to_owned()));
    expected.sort();
    assert_eq!(got, expected);
}

#[test]
fn of_one_slot() {
    let made = by_id(0, &tokens(2, 2, PLAIN), Given::Nothing, &config(BY_ID, Positions::Learned, false));
    let others =
        ["heads.0.bias", "heads.0.weight", "norm.bias", "norm.weight", "positions", "start", "tokens.0.weight"];
    check(names(&made.store), &["blocks.0", "blocks.1"], &others);
}

#[test]
fn of_three_slots() {
    let made = by_id(0, &tokens(2, 2, GROUPS), Given::Class, &config(BY_ID, Positions::Rotary2d, true));
    let others = [
        "condition.null",
        "condition.places",
        "condition.table",
        "depth.norm.bias",
        "depth.norm.weight",
        "depth.places",
        "heads.0.bias",
        "heads.1.bias",
        "heads.2.bias",
        "norm.bias",
        "norm.weight",
        "start",
        "tokens.0.weight",
        "tokens.1.weight",
        "tokens.2.weight",
    ];
    check(names(&made.store), &["blocks.0", "blocks.1", "depth.blocks.0"], &others);
}

#[test]
fn of_a_masked_generator() {
    let made = in_rounds(0, &tokens(2, 2, PLAIN), Given::Text, &config(Order::Masked, Positions::Learned, true));
    let others = [
        "condition.input.weight",
        "condition.null",
        "condition.places",
        "heads.0.bias",
        "norm.bias",
        "norm.weight",
        "positions",
        "tokens.0.weight",
    ];
    check(names(&made.store), &["blocks.0", "blocks.1"], &others);
    assert_eq!(made.store.variables()["tokens.0.weight"].size(), [8, 16], "a row for the mask");
    let made = in_rounds(0, &tokens(2, 2, PLAIN), Given::Map, &config(Order::Masked, Positions::Rotary2d, true));
    assert!(names(&made.store).contains(&"condition.tokens.0.weight".to_owned()));
}
