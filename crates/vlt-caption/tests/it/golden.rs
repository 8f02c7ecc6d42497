//! Against an independent PyTorch implementation; `tests/data/make_vlt.py` makes the file.

use tch::{Device, nn};
use vlt_caption::{CaptionBatch, CaptionConfig, CaptionDecoder};
use vq_core::Mode;

use crate::support::{assert_close, formula, golden, names, set_by_formula};

fn check(case: &str, layers: i64, encoder_layers: i64, own: i64, neighbourhoods: i64) {
    let golden = golden("vlt.safetensors");
    let config = CaptionConfig {
        width: 8,
        heads: 2,
        layers,
        encoder_layers,
        neighbourhoods,
        expansion: 2,
        max_tokens: 5,
        max_rows: 4,
        max_columns: 3,
        ..Default::default()
    };
    let store = nn::VarStore::new(Device::Cpu);
    let decoder = CaptionDecoder::new(&store.root(), 6, &config, &formula(77, &[11, own], 3.0, 0.0)).unwrap();
    set_by_formula(&store);
    let codes = formula(5, &[3, 6, 3, 2], 1.5, 0.0).set_requires_grad(true);
    let batch = CaptionBatch { ids: golden["ids"].copy(), lengths: golden["lengths"].copy() };

    // In `Eval`, nothing is dropped, as in the reference.
    let loss = decoder.loss(&codes, &batch, Mode::Eval).unwrap();
    loss.loss.backward();
    assert_close(&loss.loss, &golden[&format!("{case}.loss")], 1e-5, "loss");
    assert_close(&loss.negative_log_likelihood, &golden[&format!("{case}.nll")], 1e-5, "nll");
    assert_close(&loss.accuracy, &golden[&format!("{case}.accuracy")], 1e-6, "accuracy");
    assert_eq!(loss.tokens.int64_value(&[]), 9);
    assert_close(&codes.grad(), &golden[&format!("{case}.codes.grad")], 1e-4, "gradient to codes");
    let mut found = 0;
    for name in names(&store) {
        let expected = &golden[&format!("{case}.{name}.grad")];
        // A key's bias shifts all scores of a query equally, so its gradient is zero up to rounding.
        let got = store.variables()[&name].grad();
        if name.ends_with("key.bias") {
            assert!(got.abs().max().double_value(&[]) < 1e-6, "{name}");
        } else {
            assert_close(&got, expected, 1e-4, &name);
        }
        found += 1;
    }
    let theirs = golden.keys().filter(|key| key.starts_with(&format!("{case}.")) && key.ends_with(".grad")).count();
    assert_eq!(found + 1, theirs, "parameters and codes");
}

#[test]
fn one_block_without_encoder_and_without_token_projection() {
    check("plain", 1, 0, 8, 0);
}

#[test]
fn two_blocks_with_encoder_and_token_projection() {
    check("deep", 2, 1, 5, 0);
}

#[test]
fn two_neighbourhoods() {
    check("near", 1, 0, 8, 2);
}
