use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use transfer_net::{Adjacency, TransferError, WeightedEdge};

const NODES: u32 = 9;

fn graphs() -> impl Strategy<Value = Vec<WeightedEdge>> {
    let edge = (0..NODES, 0..NODES, 0.1_f32..10.0).prop_filter("no loops", |(from, to, _)| from != to);
    prop::collection::vec(edge.prop_map(|(from, to, weight)| WeightedEdge { from, to, weight }), 0..30)
}

/// `D^-1/2 (A + I) D^-1/2` in f64, dense.
fn dense(edges: &[WeightedEdge]) -> Tensor {
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
    let matrix = Tensor::from_slice(&matrix).view([n as i64, n as i64]);
    let root = matrix.sum_dim_intlist(1, false, Kind::Double).rsqrt();
    root.unsqueeze(1) * matrix * root.unsqueeze(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sparse_equals_dense(edges in graphs()) {
        let adjacency = Adjacency::new(NODES as usize, &edges, Device::Cpu).unwrap();
        let expected = dense(&edges);
        let error = (adjacency.to_dense().to_kind(Kind::Double) - &expected).abs().max().double_value(&[]);
        prop_assert!(error < 1e-6, "matrices differ by {error}");
        let features = Tensor::arange(i64::from(NODES) * 3, (Kind::Float, Device::Cpu)).view([-1, 3]).sin();
        let product = adjacency.propagate(&features);
        let error = (product.to_kind(Kind::Double) - expected.mm(&features.to_kind(Kind::Double))).abs().max();
        prop_assert!(error.double_value(&[]) < 1e-5, "products differ");
    }

    #[test]
    fn it_is_symmetric_and_does_not_grow(edges in graphs()) {
        let matrix = Adjacency::new(NODES as usize, &edges, Device::Cpu).unwrap().to_dense();
        prop_assert!(matrix.allclose(&matrix.transpose(0, 1), 1e-6, 1e-7, false));
        // Its spectrum lies in [-1, 1].
        let largest = matrix.to_kind(Kind::Double).linalg_eigvalsh("L").abs().max().double_value(&[]);
        prop_assert!(largest <= 1.0 + 1e-6, "largest eigenvalue {largest}");
    }
}

#[test]
fn edges_that_make_no_sense_are_refused() {
    let refused = |edge| Adjacency::new(3, &[edge], Device::Cpu).unwrap_err();
    let error = refused(WeightedEdge { from: 0, to: 3, weight: 1.0 });
    assert_eq!(error.to_string(), "Adjacency::new: expected nodes in 0..3, got 3");
    for weight in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let error = refused(WeightedEdge { from: 0, to: 1, weight });
        assert!(matches!(error, TransferError::Weight { from: 0, to: 1, .. }), "{error}");
    }
}
