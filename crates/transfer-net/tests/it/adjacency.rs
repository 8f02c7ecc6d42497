use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use transfer_net::{Adjacency, IncomingEdges, TransferError, WeightedEdge};

use crate::support::{NODES, graphs, largest_difference, with_self_loops};

/// `D^-1/2 (A + I) D^-1/2` in f64, dense.
fn dense(edges: &[WeightedEdge]) -> Tensor {
    let matrix = with_self_loops(edges);
    let root = matrix.sum_dim_intlist(1, false, Kind::Double).rsqrt();
    root.unsqueeze(1) * matrix * root.unsqueeze(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sparse_equals_dense(edges in graphs()) {
        let adjacency = Adjacency::new(NODES as usize, &edges, Device::Cpu).unwrap();
        let expected = dense(&edges);
        let error = largest_difference(&adjacency.to_dense(), &expected);
        prop_assert!(error < 1e-6, "matrices differ by {error}");
        let features = Tensor::arange(i64::from(NODES) * 3, (Kind::Float, Device::Cpu)).view([-1, 3]).sin();
        let error = largest_difference(&adjacency.propagate(&features), &expected.mm(&features.to_kind(Kind::Double)));
        prop_assert!(error < 1e-5, "products differ by {error}");
    }

    #[test]
    fn the_matrix_is_symmetric_with_spectral_norm_of_at_most_one(edges in graphs()) {
        let matrix = Adjacency::new(NODES as usize, &edges, Device::Cpu).unwrap().to_dense();
        prop_assert!(matrix.allclose(&matrix.transpose(0, 1), 1e-6, 1e-7, false));
        let largest = matrix.to_kind(Kind::Double).linalg_eigvalsh("L").abs().max().double_value(&[]);
        prop_assert!(largest <= 1.0 + 1e-6, "largest eigenvalue {largest}");
    }
}

#[test]
fn invalid_edges_are_rejected() {
    let rejected: [fn(WeightedEdge) -> TransferError; 2] = [
        |edge| Adjacency::new(3, &[edge], Device::Cpu).unwrap_err(),
        |edge| IncomingEdges::new(3, &[edge], 2, Device::Cpu).unwrap_err(),
    ];
    for (rejected, op) in rejected.into_iter().zip(["Adjacency::new", "IncomingEdges::new"]) {
        let error = rejected(WeightedEdge { from: 0, to: 3, weight: 1.0 });
        assert_eq!(error.to_string(), format!("{op}: expected nodes in 0..3, got 3"));
        for weight in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let error = rejected(WeightedEdge { from: 0, to: 1, weight });
            assert!(matches!(error, TransferError::Weight { from: 0, to: 1, .. }), "{error}");
        }
    }
    let error = IncomingEdges::new(3, &[], 0, Device::Cpu).unwrap_err();
    assert_eq!(error.to_string(), "IncomingEdges::new: expected `heads` >= 1, got 0");
}
