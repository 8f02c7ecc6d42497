//! Errors of the crate.

use crate::kernels::CudaError;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// A tensor has the wrong shape.
    #[error("{op}: expected shape {expected}, got {got:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The expected shape, in the letters of the crate's documentation.
        expected: String,
        /// The shape of the tensor.
        got: Vec<i64>,
    },

    /// A tensor has the wrong dtype.
    #[error("{op}: expected dtype {expected}, got {got}")]
    Dtype {
        /// The operation.
        op: &'static str,
        /// The accepted dtypes.
        expected: &'static str,
        /// The dtype of the tensor.
        got: String,
    },

    /// An id is outside the range of its slot.
    #[error("{op}: expected ids of slot {slot} ({group}) in {start}..{end}, got {got}")]
    Id {
        /// The operation.
        op: &'static str,
        /// Index of the slot, from 0.
        slot: usize,
        /// Name of the slot's group.
        group: String,
        /// First code of the group.
        start: i64,
        /// One past the last code of the group.
        end: i64,
        /// The id.
        got: i64,
    },

    /// An element is NaN or infinite.
    #[error("{op}: expected finite {what}, got {got} at {position:?}")]
    NotFinite {
        /// The operation.
        op: &'static str,
        /// The tensor, such as `latents` or `codes`.
        what: &'static str,
        /// Index of the first such element along each axis of the tensor.
        position: Vec<i64>,
        /// The element.
        got: f64,
    },

    /// Two tensors are on different devices.
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

    /// A CUDA kernel could not run on the device of the tensors.
    #[error("{op}: expected a GPU that runs this crate's kernels, got: {source}")]
    Cuda {
        /// The operation.
        op: &'static str,
        /// The cause.
        source: CudaError,
    },

    /// An option has an invalid value.
    #[error("{op}: expected {expected}, got {got}")]
    Option {
        /// The constructor or function.
        op: &'static str,
        /// The allowed values.
        expected: String,
        /// The given value.
        got: String,
    },
}
