//! What can go wrong in a quantizer.

use crate::CudaError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// A tensor has another shape than the operation takes.
    #[error("{op}: expected shape {expected}, got {got:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The shape in the letters of the crate's documentation.
        expected: String,
        /// The shape of the tensor.
        got: Vec<i64>,
    },

    /// A tensor has another element type than the operation takes.
    #[error("{op}: expected elements of kind {expected}, got {got}")]
    Kind {
        /// The operation.
        op: &'static str,
        /// The kind that is taken.
        expected: &'static str,
        /// The kind of the tensor.
        got: String,
    },

    /// An id lies outside the codes of its slot.
    #[error("{op}: expected ids of slot {slot} ({group}) in {start}..{end}, got {got}")]
    Id {
        /// The operation.
        op: &'static str,
        /// Position of the slot, from 0.
        slot: usize,
        /// Name of the slot's group.
        group: String,
        /// First code of the group.
        start: i64,
        /// One past the last code of the group.
        end: i64,
        /// The offending id.
        got: i64,
    },

    /// A number is NaN or infinite.
    #[error("{op}: expected finite {what}, got {got} at {position:?}")]
    NotFinite {
        /// The operation.
        op: &'static str,
        /// The tensor, such as `latents` or `codes`.
        what: &'static str,
        /// The first such element's index along each axis of the tensor.
        position: Vec<i64>,
        /// The number.
        got: f64,
    },

    /// Two tensors lie on different devices.
    #[error("{op}: expected {what} on {expected}, got {got}")]
    Device {
        /// The operation.
        op: &'static str,
        /// The tensor, such as `codes`.
        what: &'static str,
        /// The device of the other tensors.
        expected: String,
        /// The device of the tensor.
        got: String,
    },

    /// A kernel could not run where the tensors lie.
    #[error("{op}: expected a GPU that runs this crate's kernels, got: {source}")]
    Cuda {
        /// The operation.
        op: &'static str,
        /// Why not.
        source: CudaError,
    },

    /// An option has a value that makes no sense.
    #[error("{op}: expected {expected}, got {got}")]
    Option {
        /// The constructor or function.
        op: &'static str,
        /// What is allowed.
        expected: String,
        /// What was given.
        got: String,
    },
}
