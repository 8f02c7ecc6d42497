//! The bytes of safetensors files.

use std::borrow::Cow;
use std::collections::HashMap;

use safetensors::{Dtype, View};
use serde::Serialize;

use crate::FileError;

/// A tensor that lies in memory, to be written.
#[derive(Debug, Clone)]
pub struct TensorData<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Cow<'a, [u8]>,
}

impl<'a> TensorData<'a> {
    /// The little-endian `bytes` of a tensor.
    pub fn new(dtype: Dtype, shape: Vec<usize>, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { dtype, shape, bytes: bytes.into() }
    }

    /// A one-dimensional tensor of bytes.
    pub fn bytes(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        let bytes = bytes.into();
        Self { dtype: Dtype::U8, shape: vec![bytes.len()], bytes }
    }
}

impl View for TensorData<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The bytes of a safetensors file: tensors by name, and metadata entries.
///
/// Equal tensors and one metadata entry give equal bytes; several entries are written in an order that changes from
/// process to process.
/// A [`View`] of your own is asked for its bytes one tensor at a time.
///
/// # Errors
/// [`FileError::Format`] if a tensor's bytes do not fit its type and shape; `what` names the kind of file.
pub fn encode_tensors<N, V, K>(
    what: &'static str,
    tensors: impl IntoIterator<Item = (N, V)>,
    metadata: impl IntoIterator<Item = (K, String)>,
) -> Result<Vec<u8>, FileError>
where
    N: AsRef<str> + Ord + std::fmt::Display,
    V: View,
    K: Into<String>,
{
    let metadata: HashMap<String, String> = metadata.into_iter().map(|(key, value)| (key.into(), value)).collect();
    safetensors::serialize(tensors, Some(metadata)).map_err(|error| cannot_encode(what, &error))
}

/// The JSON of a header.
///
/// # Errors
/// [`FileError::Format`] if the header has no JSON; `what` names the kind of file.
pub fn header_json(what: &'static str, header: &impl Serialize) -> Result<String, FileError> {
    serde_json::to_string(header).map_err(|error| cannot_encode(what, &error))
}

fn cannot_encode(what: &'static str, error: &dyn std::fmt::Display) -> FileError {
    let (name, expected) = ("to be written".into(), "tensors and a header that can be encoded".into());
    FileError::Format { what, name, expected, got: error.to_string() }
}
