//! Helpers of the tests.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};
use vq_core::{Layout, Slot};
use vq_generate::{
    Autoregressive, Condition, Conditioning, GeneratorConfig, Grid, IdSource, Masked, Order, Positions, TokenGrid,
    TransformerConfig,
};

/// The tensors of a file in `tests/data`.
pub(crate) fn golden(file: &str) -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

/// `shift + scale * sin(1.7 seed + 0.61 i + 0.013 i^2)` at element `i`, as in `make_generate.py`.
pub(crate) fn formula(seed: usize, size: &[i64], scale: f64, shift: f64) -> Tensor {
    let count: i64 = size.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|i| i as f64)
        .map(|i| (shift + scale * (1.7 * seed as f64 + 0.61 * i + 0.013 * i * i).sin()) as f32)
        .collect();
    Tensor::from_slice(&values).view(size)
}

/// Gives each variable of a store the values that `make_generate.py` gives it, for seed 0.
pub(crate) fn set_by_formula(store: &nn::VarStore, seed: usize) {
    for (index, name) in names(store).iter().enumerate() {
        let mut variable = store.variables().remove(name).unwrap();
        let shift = if name.contains("norm") && name.ends_with("weight") { 1.0 } else { 0.0 };
        let values = formula(index + 100 * seed, &variable.size(), 0.4, shift);
        tch::no_grad(|| variable.copy_(&values));
    }
}

/// The names of a store's variables, sorted.
pub(crate) fn names(store: &nn::VarStore) -> Vec<String> {
    let mut names: Vec<String> = store.variables().into_keys().collect();
    names.sort();
    names
}

/// Fails unless two tensors have one shape and differ by at most `tolerance` of the largest number expected.
#[track_caller]
pub(crate) fn assert_close(got: &Tensor, expected: &Tensor, tolerance: f64, what: &str) {
    assert_eq!(got.size(), expected.size(), "{what}");
    let largest = |tensor: &Tensor| tensor.to_kind(Kind::Double).abs().max().double_value(&[]);
    let error = largest(&(got.to_kind(Kind::Double) - expected.to_kind(Kind::Double)));
    let scale = largest(expected).max(1e-6);
    assert!(error <= tolerance * scale, "{what} differs by {error}, of {scale}");
}

/// One slot of seven codes.
pub(crate) const PLAIN: &[Range<i64>] = &[0..7];

/// Two adjectives and a noun.
pub(crate) const GROUPS: &[Range<i64>] = &[0..5, 0..5, 5..9];

pub(crate) fn tokens(rows: i64, columns: i64, slots: &[Range<i64>]) -> TokenGrid {
    let slot = |codes: &Range<i64>| Slot { group: format!("from {}", codes.start), codes: codes.clone() };
    let codes = slots.iter().map(|codes| codes.end).max().unwrap_or(0);
    let layout = Layout { channels: 4, codes, slots: slots.iter().map(slot).collect() };
    TokenGrid { grid: Grid { rows, columns }, layout }
}

/// `start + (7 seed + 3 i + i^2) mod V` at element `i` of a slot, as in `make_generate.py`.
pub(crate) fn ids(seed: i64, images: i64, tokens: &TokenGrid) -> Tensor {
    let Grid { rows, columns } = tokens.grid;
    let cells = 0..images * rows * columns;
    let id = |i: i64, codes: &Range<i64>| codes.start + (7 * seed + 3 * i + i * i) % (codes.end - codes.start);
    let slots: Vec<_> = tokens.layout.slots.iter().map(|slot| slot.codes.clone()).collect();
    let values: Vec<i64> =
        cells.flat_map(|i| slots.iter().zip(i..).map(|(codes, i)| id(i, codes)).collect::<Vec<_>>()).collect();
    Tensor::from_slice(&values).view([images, rows, columns, tokens.slots()])
}

pub(crate) fn config(order: Order, positions: Positions, tie_weights: bool) -> GeneratorConfig {
    let transformer = TransformerConfig {
        width: 16,
        heads: 2,
        layers: 2,
        expansion: 2,
        positions,
        tie_weights,
        ..Default::default()
    };
    GeneratorConfig { order, transformer, ..Default::default() }
}

pub(crate) const BY_ID: Order = Order::Autoregressive { depth_layers: 1 };

/// The kinds of condition, with sources of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    Nothing,
    Class,
    Text,
    Map,
}

/// Calls `make` with the source of a kind of condition.
fn with_source<T>(given: Given, make: impl FnOnce(&Conditioning<'_>) -> T) -> T {
    match given {
        Given::Nothing => make(&Conditioning::None),
        Given::Class => make(&Conditioning::Class { classes: 3 }),
        Given::Text => make(&Conditioning::Text { embeddings: &formula(77, &[11, 5], 3.0, 0.0), max_tokens: 4 }),
        Given::Map => make(&Conditioning::Tokens(&map())),
    }
}

/// The grid of a segmentation.
pub(crate) fn map() -> TokenGrid {
    tokens(2, 2, &[0..4])
}

/// Conditions of `images` images.
pub(crate) fn condition(given: Given, images: i64) -> Condition {
    let numbers = |of: &dyn Fn(i64) -> i64| Tensor::from_slice(&(0..images).map(of).collect::<Vec<_>>());
    match given {
        Given::Nothing => Condition::None,
        Given::Class => Condition::Class(numbers(&|image| (2 + image) % 3)),
        Given::Text => Condition::Text {
            ids: Tensor::stack(&[numbers(&|i| (4 + i) % 11), numbers(&|i| (7 + 2 * i) % 11)], 1),
            lengths: numbers(&|image| (image + 2) % 3),
        },
        Given::Map => Condition::Tokens(ids(3, images, &map())),
    }
}

/// One image of a condition.
pub(crate) fn single(condition: &Condition, image: i64) -> Condition {
    match condition {
        Condition::None => Condition::None,
        Condition::Class(classes) => Condition::Class(classes.narrow(0, image, 1)),
        Condition::Text { ids, lengths } => {
            Condition::Text { ids: ids.narrow(0, image, 1), lengths: lengths.narrow(0, image, 1) }
        }
        Condition::Tokens(ids) => Condition::Tokens(ids.narrow(0, image, 1)),
    }
}

/// The codes of each slot, as in `make_generate.py`, if the configuration needs them.
pub(crate) fn codes(tokens: &TokenGrid, config: &GeneratorConfig) -> Option<Vec<Tensor>> {
    let slots = tokens.layout.slots.iter().enumerate();
    let codes = slots.map(|(index, slot)| formula(200 + index, &[slot.codes.end - slot.codes.start, 3], 2.0, 0.5));
    (config.ids == IdSource::Codes).then(|| codes.collect())
}

/// A generator with the parameters of a seed, and their store.
pub(crate) struct Made<G> {
    pub(crate) store: nn::VarStore,
    pub(crate) generator: G,
}

pub(crate) fn by_id(seed: usize, tokens: &TokenGrid, given: Given, config: &GeneratorConfig) -> Made<Autoregressive> {
    let store = nn::VarStore::new(Device::Cpu);
    let codes = codes(tokens, config);
    let codes = codes.as_deref();
    let generator =
        with_source(given, |source| Autoregressive::new(&store.root(), tokens, codes, source, config)).unwrap();
    set_by_formula(&store, seed);
    Made { store, generator }
}

pub(crate) fn in_rounds(seed: usize, tokens: &TokenGrid, given: Given, config: &GeneratorConfig) -> Made<Masked> {
    let store = nn::VarStore::new(Device::Cpu);
    let codes = codes(tokens, config);
    let codes = codes.as_deref();
    let generator = with_source(given, |source| Masked::new(&store.root(), tokens, codes, source, config)).unwrap();
    set_by_formula(&store, seed);
    Made { store, generator }
}
