//! Errors of this crate.

/// Why a graph or a network cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// An edge names a node that does not exist.
    #[error("{op}: expected nodes in 0..{nodes}, got {got}")]
    Node {
        /// The operation.
        op: &'static str,
        /// Number of nodes.
        nodes: usize,
        /// The node named.
        got: u32,
    },

    /// The weight of an edge is not a positive finite number.
    #[error("{op}: expected a finite weight > 0 on the edge {from} - {to}, got {got}")]
    Weight {
        /// The operation.
        op: &'static str,
        /// One end.
        from: u32,
        /// The other end.
        to: u32,
        /// The weight found.
        got: f32,
    },

    /// An option is outside its range.
    #[error("{op}: expected {expected}, got {got}")]
    Option {
        /// The constructor.
        op: &'static str,
        /// The range.
        expected: String,
        /// The value.
        got: String,
    },
}
