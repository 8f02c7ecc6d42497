//! Helpers of the tests.

use proptest::prelude::*;
use tch::{Device, Tensor, nn};
use vq_nn::{
    AttentionMask, BlockConfig, BlockInputs, BlockStack, CrossAttention, Dropout, GridPosition, Projections,
    ResidualInit, Rotary2d,
};
use vq_random::RandomStream;

/// Normally distributed numbers, `Double`, that depend on the seed alone: libtorch's generator is shared with the tests
/// of other threads.
pub(crate) fn normal(seed: i64, size: &[i64]) -> Tensor {
    let mut stream = RandomStream::new(seed as u64);
    let numbers: Vec<f64> = (0..size.iter().product()).map(|_| stream.normal()).collect();
    Tensor::from_slice(&numbers).view(size)
}

/// Fails unless two tensors have one shape and differ by at most `tolerance`.
#[track_caller]
pub(crate) fn assert_close(got: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(got.size(), expected.size());
    let error = (got - expected).abs().max().double_value(&[]);
    assert!(error <= tolerance, "differs by {error}");
}

/// Every combination of the options of a block, for two heads of eight features.
pub(crate) fn any_block() -> impl Strategy<Value = BlockConfig> {
    let projections = prop::sample::select(vec![Projections::Separate, Projections::Fused]);
    let cross_attention = prop::sample::select(vec![CrossAttention::Without, CrossAttention::Memory]);
    let residual_init = prop::sample::select(vec![ResidualInit::Standard, ResidualInit::DepthScaled { layers: 2 }]);
    (projections, cross_attention, residual_init).prop_map(|(projections, cross_attention, residual_init)| {
        BlockConfig { width: 16, heads: 2, hidden: 24, projections, cross_attention, residual_init }
    })
}

/// Whether tokens have a position in a grid.
pub(crate) fn any_rotary() -> impl Strategy<Value = Rotation> {
    prop::sample::select(vec![Rotation::Without, Rotation::Grid])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rotation {
    Without,
    Grid,
}

impl Rotation {
    /// For a prefix of one token without a position and a grid of two columns.
    pub(crate) fn table(self) -> Option<Rotary2d> {
        let grid = (0..11).map(|token| Some(GridPosition { row: token / 2, column: token % 2 }));
        let positions: Vec<_> = [None].into_iter().chain(grid).collect();
        (self == Rotation::Grid).then(|| Rotary2d::new(&positions, 8, Device::Cpu))
    }
}

/// A stack of two blocks with random parameters, biases and norms among them.
pub(crate) fn stack(seed: i64, config: &BlockConfig, rotation: Rotation) -> BlockStack {
    let store = nn::VarStore::new(Device::Cpu);
    let stack = BlockStack::new(&store.root(), 2, config, rotation.table());
    let mut names: Vec<String> = store.variables().into_keys().collect();
    names.sort();
    for (index, name) in (0..).zip(&names) {
        let shift = if name.contains("norm") && name.ends_with("weight") { 1.0 } else { 0.0 };
        let mut variable = store.variables()[name].shallow_clone();
        tch::no_grad(|| variable.copy_(&(normal(seed + 1000 * index, &variable.size()) * 0.3 + shift)));
    }
    stack
}

pub(crate) fn inputs<'a>(memory: Option<&'a Tensor>, mask: AttentionMask<'a>) -> BlockInputs<'a> {
    BlockInputs { memory, mask, dropout: Dropout::off() }
}
