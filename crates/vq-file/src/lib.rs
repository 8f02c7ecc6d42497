//! Files of the workspace: atomic replacement, safetensors with a typed header, PNG images.
//!
//! [`write_atomically`] replaces a file whole or not at all.
//! A [`TensorFile`] is a safetensors file whose metadata holds a JSON header; checkpoints, priors, languages, token stores
//! and classifiers are such files. [`encode_tensors`] makes its bytes.
//! Every error names the file, what was expected and what was found.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use vq_file::{Dtype, TensorData, TensorFile, encode_tensors, header_json};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Header {
//!     format: u32,
//!     title: String,
//! }
//!
//! # fn main() -> Result<(), vq_file::FileError> {
//! let header = Header { format: 1, title: "counts".into() };
//! let counts = TensorData::new(Dtype::U8, vec![3], vec![1, 2, 3]);
//! let bytes = encode_tensors("example", [("counts", counts)], [("example", header_json("example", &header)?)])?;
//!
//! let file = TensorFile::from_bytes("example", "memory", bytes)?;
//! assert_eq!(file.header::<Header>("example", 1)?, header);
//! assert_eq!(file.tensor("counts", Dtype::U8, &[3])?, [1, 2, 3]);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! - `png`: `png_bytes` and `write_png`.

mod atomic;
mod encode;
mod error;
#[cfg(feature = "png")]
mod png;
mod sha256;
mod storage;
mod tensor_file;

pub use safetensors::{Dtype, View};

pub use atomic::write_atomically;
pub use encode::{TensorData, encode_tensors, header_json};
pub use error::FileError;
#[cfg(feature = "png")]
pub use png::{png_bytes, write_png};
pub use sha256::{hex, sha256_hex};
pub use storage::SharedBytes;
pub use tensor_file::TensorFile;

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
