use std::path::PathBuf;

/// What can go wrong between a file and a batch.
///
/// Every message names the file or entry that it is about; the cause, where another library
/// found it, is the error's `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused a file or folder.
    #[error("{op}: expected a readable file or folder, got an error for {}", path.display())]
    Io {
        /// What was being done.
        op: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A decoder refused an image.
    #[error("decode {what}: expected a whole jpeg, png, webp, gif or bmp image, got one that fails")]
    Decode {
        /// The file or archive entry.
        what: String,
        /// Why it failed.
        source: image::ImageError,
    },
    /// The operating system refused to write a file or folder.
    #[error("write {}: expected a place to write, got an error", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// An encoder refused an image.
    #[error("encode {what}: expected an image to encode, got an error")]
    Encode {
        /// The sample.
        what: String,
        /// Why it failed.
        source: image::ImageError,
    },
    /// An archive is damaged.
    #[error("read {what}: expected a sound zip archive, got a damaged one")]
    Archive {
        /// The archive, or the entry in it.
        what: String,
        /// Why it failed.
        source: zip::result::ZipError,
    },
    /// A line or file of JSON does not have the fields it should.
    #[error("parse {what}: expected JSON of the documented fields, got something else")]
    Json {
        /// The file, and the line where it has many.
        what: String,
        /// Why it failed.
        source: serde_json::Error,
    },
    /// A CSV file is damaged.
    #[error("parse {}: expected a header and lines of as many columns, got something else", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// Why it failed, with the line.
        source: csv::Error,
    },
    /// A value differs from what the operation needs.
    #[error("{op}: expected {expected}, got {got}")]
    Unexpected {
        /// What was being done, and to what.
        op: String,
        /// What would have been right.
        expected: String,
        /// What was there.
        got: String,
    },
    /// A sample could not be read or transformed.
    #[error("load sample {id}: expected an image, got an error: {source}")]
    Sample {
        /// The sample's id, or `index I` if reading it failed before its id was known.
        id: String,
        /// Why it failed.
        source: Box<DataError>,
    },
    /// A loader's thread ended without delivering its batch: it panicked.
    #[error("load batch {batch}: expected a batch, got a loader thread that has died")]
    LoaderDied {
        /// The batch that was due.
        batch: u64,
    },
}

impl DataError {
    /// Shorthand for [`DataError::Unexpected`].
    pub(crate) fn unexpected(op: impl Into<String>, expected: impl Into<String>, got: impl ToString) -> Self {
        Self::Unexpected { op: op.into(), expected: expected.into(), got: got.to_string() }
    }
}
