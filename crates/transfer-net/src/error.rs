//! What can go wrong in a transfer network.

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// An edge names a node that is not there.
    #[error("{op}: expected nodes in 0..{nodes}, got {got}")]
    Node {
        /// The operation.
        op: &'static str,
        /// Number of nodes.
        nodes: usize,
        /// The node named.
        got: u32,
    },

    /// An edge's weight is not a positive number.
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

    /// An option has a value that makes no sense.
    #[error("{op}: expected {expected}, got {got}")]
    Option {
        /// The constructor.
        op: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was given.
        got: String,
    },
}
