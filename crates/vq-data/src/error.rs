//! The errors of this crate.

use std::path::PathBuf;

/// An error on the way from a file to a batch.
///
/// Every message names the file or entry, what was expected and what was found. An error of another library is the
/// `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder could not be read.
    #[error("{op}: expected a readable file or folder, got an error for {}", path.display())]
    Io {
        /// The operation.
        op: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// An image could not be decoded.
    #[error("decode {what}: expected a whole jpeg, png, webp, gif or bmp image, got one that fails")]
    Decode {
        /// The file or archive entry.
        what: String,
        /// The cause.
        source: image::ImageError,
    },
    /// A file or folder could not be written.
    #[error("write {}: expected a writable file or folder, got an error", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// An image could not be encoded.
    #[error("encode {what}: expected an image to encode, got an error")]
    Encode {
        /// The sample.
        what: String,
        /// The cause.
        source: image::ImageError,
    },
    /// A zip archive is damaged.
    #[error("read {what}: expected a sound zip archive, got a damaged one")]
    Archive {
        /// The archive, or the entry in it.
        what: String,
        /// The cause.
        source: zip::result::ZipError,
    },
    /// A line or file of JSON does not have the documented fields.
    #[error("parse {what}: expected JSON of the documented fields, got an error")]
    Json {
        /// The file, with the line where a file has one value a line.
        what: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// A CSV file is damaged.
    #[error("parse {}: expected a header and lines of as many columns, got an error", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The cause, with the line.
        source: csv::Error,
    },
    /// A value is not the one that the operation needs.
    #[error("{op}: expected {expected}, got {got}")]
    Unexpected {
        /// The operation and its object.
        op: String,
        /// The values that are valid.
        expected: String,
        /// The value found.
        got: String,
    },
    /// A sample could not be read or transformed.
    #[error("load sample {id}: expected an image, got an error: {source}")]
    Sample {
        /// The sample's id, or `index I` if reading it failed before its id was known.
        id: String,
        /// The cause.
        source: Box<DataError>,
    },
    /// A loader thread panicked before it delivered its batch.
    #[error("load batch {batch}: expected a batch, got a loader thread that has died")]
    LoaderDied {
        /// The number of the batch.
        batch: u64,
    },
}

impl DataError {
    /// Makes a [`DataError::Unexpected`]; for sources in other crates too.
    pub fn unexpected(op: impl Into<String>, expected: impl Into<String>, got: impl ToString) -> Self {
        Self::Unexpected { op: op.into(), expected: expected.into(), got: got.to_string() }
    }
}
