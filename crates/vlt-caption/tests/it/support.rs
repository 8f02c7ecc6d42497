//! Helpers of the tests.

use std::collections::HashMap;
use std::path::Path;

use tch::{Kind, Tensor, nn};
use vlt_caption::{CaptionConfig, CaptionDecoder, SpecialTokens};

/// The tensors of a file in `tests/data`.
pub(crate) fn golden(file: &str) -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

/// `shift + scale * sin(1.7 seed + 0.61 i + 0.013 i^2)` at element `i`, as in `make_vlt.py`.
pub(crate) fn formula(seed: usize, size: &[i64], scale: f64, shift: f64) -> Tensor {
    let count: i64 = size.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|i| i as f64)
        .map(|i| (shift + scale * (1.7 * seed as f64 + 0.61 * i + 0.013 * i * i).sin()) as f32)
        .collect();
    Tensor::from_slice(&values).view(size)
}

/// Gives each variable of a store the values that `make_vlt.py` gives it.
pub(crate) fn set_by_formula(store: &nn::VarStore) {
    for (index, name) in names(store).iter().enumerate() {
        let mut variable = store.variables().remove(name).unwrap();
        let shift = if name.contains("norm") && name.ends_with("weight") { 1.0 } else { 0.0 };
        tch::no_grad(|| variable.copy_(&formula(index, &variable.size(), 0.4, shift)));
    }
}

/// The names of a store's variables, sorted.
pub(crate) fn names(store: &nn::VarStore) -> Vec<String> {
    let mut names: Vec<String> = store.variables().into_keys().collect();
    names.sort();
    names
}

/// Fails unless two tensors have one shape and differ by at most `tolerance` of the largest number expected.
pub(crate) fn assert_close(got: &Tensor, expected: &Tensor, tolerance: f64, what: &str) {
    assert_eq!(got.size(), expected.size(), "{what}");
    let largest = |tensor: &Tensor| tensor.to_kind(Kind::Double).abs().max().double_value(&[]);
    let error = largest(&(got.to_kind(Kind::Double) - expected.to_kind(Kind::Double)));
    let scale = largest(expected).max(1e-6);
    assert!(error <= tolerance * scale, "{what} differs by {error}, of {scale}");
}

/// A small decoder for 12 tokens and codes of 6 channels, and its parameters.
pub(crate) struct Small {
    pub(crate) store: nn::VarStore,
    pub(crate) decoder: CaptionDecoder,
}

pub(crate) const SPECIAL: SpecialTokens = SpecialTokens { begin: 0, end: 1, pad: 2, unknown: Some(3) };

pub(crate) fn small_config() -> CaptionConfig {
    CaptionConfig {
        width: 8,
        heads: 2,
        layers: 2,
        encoder_layers: 1,
        expansion: 2,
        max_tokens: 9,
        max_rows: 4,
        max_columns: 4,
        ..Default::default()
    }
}

/// `contrast` scales its scores; otherwise all tokens of a random decoder have about the same probability.
pub(crate) fn small(seed: usize, contrast: f64) -> Small {
    let store = nn::VarStore::new(tch::Device::Cpu);
    let decoder = CaptionDecoder::new(&store.root(), 6, &small_config(), &formula(seed, &[12, 5], 1.0, 0.0)).unwrap();
    for (index, name) in names(&store).iter().enumerate() {
        let mut variable = store.variables().remove(name).unwrap();
        let norm = name.contains("norm") && name.ends_with("weight");
        let scale = if name == "tokens.output.weight" { contrast } else { 0.5 };
        let values = formula(index + 100 * seed, &variable.size(), scale, if norm { 1.0 } else { 0.0 });
        tch::no_grad(|| variable.copy_(&values));
    }
    Small { store, decoder }
}

pub(crate) fn codes(seed: usize, images: i64) -> Tensor {
    formula(seed, &[images, 6, 3, 2], 1.5, 0.0)
}
