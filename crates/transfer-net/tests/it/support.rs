//! Random graphs and dense matrices for the property tests.

use proptest::prelude::*;
use tch::{Kind, Tensor};
use transfer_net::WeightedEdge;

pub(crate) const NODES: u32 = 9;

/// Up to 30 edges without self-loops; some may be repeated.
pub(crate) fn graphs() -> impl Strategy<Value = Vec<WeightedEdge>> {
    let edge = (0..NODES, 0..NODES, 0.1_f32..10.0).prop_filter("no loops", |(from, to, _)| from != to);
    prop::collection::vec(edge.prop_map(|(from, to, weight)| WeightedEdge { from, to, weight }), 0..30)
}

/// `A + I`, `[NODES, NODES]`, `Double`; the weights of repeated edges add up.
pub(crate) fn with_self_loops(edges: &[WeightedEdge]) -> Tensor {
    let n = NODES as usize;
    let mut matrix = vec![0.0_f64; n * n];
    for node in 0..n {
        matrix[node * n + node] = 1.0;
    }
    for edge in edges {
        let (from, to) = (edge.from as usize, edge.to as usize);
        matrix[from * n + to] += f64::from(edge.weight);
        matrix[to * n + from] += f64::from(edge.weight);
    }
    Tensor::from_slice(&matrix).view([n as i64, n as i64])
}

/// The largest difference of two tensors.
pub(crate) fn largest_difference(ours: &Tensor, theirs: &Tensor) -> f64 {
    assert_eq!(ours.size(), theirs.size());
    (ours.to_kind(Kind::Double) - theirs.to_kind(Kind::Double)).abs().max().double_value(&[])
}
