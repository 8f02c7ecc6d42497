//! Edges between words.

use crate::TransferError;

/// An undirected edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightedEdge {
    /// One end, in `0..K`.
    pub from: u32,
    /// The other end, in `0..K`.
    pub to: u32,
    /// Weight, such as a co-occurrence count.
    pub weight: f32,
}

/// Checks that every edge joins two of `nodes` nodes and has a positive weight.
///
/// # Errors
/// [`TransferError::Node`] or [`TransferError::Weight`] for the first edge that does not.
pub(crate) fn check_edges(op: &'static str, nodes: usize, edges: &[WeightedEdge]) -> Result<(), TransferError> {
    for &WeightedEdge { from, to, weight } in edges {
        for got in [from, to] {
            if got as usize >= nodes {
                return Err(TransferError::Node { op, nodes, got });
            }
        }
        if !(weight.is_finite() && weight > 0.0) {
            return Err(TransferError::Weight { op, from, to, got: weight });
        }
    }
    Ok(())
}
