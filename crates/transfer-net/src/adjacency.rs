//! The normalized adjacency matrix of a graph convolution.

use tch::{Device, Kind, Tensor};

use crate::edge::check_edges;
use crate::{TransferError, WeightedEdge};

/// `D^-1/2 (A + I) D^-1/2` of an undirected weighted graph (Kipf and Welling, arXiv 1609.02907, equation 2), sparse.
///
/// `D` holds the weighted degrees of `A + I`.
/// The matrix is symmetric, so the gradient of the product is a product with the same matrix.
#[derive(Debug)]
pub struct Adjacency {
    /// Sparse COO, coalesced, `[K, K]` with `E` entries.
    matrix: Tensor,
}

impl Adjacency {
    /// Normalizes the graph with `nodes` nodes on `device`. Weights of repeated edges add up.
    ///
    /// # Errors
    /// [`TransferError::Node`] if an edge ends outside `0..nodes`; [`TransferError::Weight`] if a weight is not
    /// positive and finite.
    pub fn new(nodes: usize, edges: &[WeightedEdge], device: Device) -> Result<Self, TransferError> {
        check_edges("Adjacency::new", nodes, edges)?;
        let mut degrees = vec![1.0_f64; nodes]; // the self-loop
        for &WeightedEdge { from, to, weight } in edges {
            degrees[from as usize] += f64::from(weight);
            degrees[to as usize] += f64::from(weight);
        }
        let scaled = |from: usize, to: usize, weight: f64| (weight / (degrees[from] * degrees[to]).sqrt()) as f32;
        let (mut rows, mut columns, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let mut entry = |row: usize, column: usize, value: f32| {
            rows.push(row as i64);
            columns.push(column as i64);
            values.push(value);
        };
        for node in 0..nodes {
            entry(node, node, scaled(node, node, 1.0));
        }
        for &WeightedEdge { from, to, weight } in edges {
            let (from, to) = (from as usize, to as usize);
            let value = scaled(from, to, f64::from(weight));
            entry(from, to, value);
            entry(to, from, value);
        }
        let indices = Tensor::stack(&[Tensor::from_slice(&rows), Tensor::from_slice(&columns)], 0); // [2, E]
        let size = [nodes as i64, nodes as i64];
        let options = (Kind::Float, Device::Cpu);
        // The constructor that checks invariants warns on standard error; `check_edges` has checked them.
        let matrix =
            Tensor::internal_sparse_coo_tensor_unsafe(&indices, &Tensor::from_slice(&values), size, options, false);
        Ok(Self { matrix: matrix.coalesce().to_device(device) })
    }

    /// The product with features `[K, D]`: each node's weighted mean over itself and its neighbours, `[K, D]`.
    pub fn propagate(&self, features: &Tensor) -> Tensor {
        self.matrix.mm(features)
    }

    /// The dense matrix, `[K, K]`, for tests and small graphs.
    pub fn to_dense(&self) -> Tensor {
        self.matrix.to_dense(None::<Kind>, false)
    }
}
