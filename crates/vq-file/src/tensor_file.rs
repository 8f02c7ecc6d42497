//! Safetensors files with a typed header.

use std::path::Path;

use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{FileError, SharedBytes, sha256_hex};

/// A safetensors file whose structure has been checked.
///
/// Tensors are read where they lie: nothing is copied.
#[derive(Debug, Clone)]
pub struct TensorFile {
    what: &'static str,
    name: String,
    bytes: SharedBytes,
    metadata: Metadata,
    /// Where the tensors begin in `bytes`.
    start: usize,
}

impl TensorFile {
    /// Reads a whole file into memory. `what` names the kind of file in errors, such as `checkpoint`.
    ///
    /// # Errors
    /// [`FileError::Io`] if the file cannot be read; [`FileError::Format`] if it is not a whole safetensors file.
    pub fn read(what: &'static str, path: &Path) -> Result<Self, FileError> {
        let bytes = std::fs::read(path).map_err(FileError::io("read", path))?;
        Self::from_bytes(what, path.display().to_string(), bytes)
    }

    /// Maps a file into memory, as [`SharedBytes::map`] does.
    ///
    /// # Errors
    /// [`FileError::Io`] if the file cannot be mapped; [`FileError::Format`] if it is not a whole safetensors file.
    pub fn map(what: &'static str, path: &Path) -> Result<Self, FileError> {
        Self::from_bytes(what, path.display().to_string(), SharedBytes::map(path)?)
    }

    /// Takes bytes from memory; `name` stands for the path in errors.
    ///
    /// # Errors
    /// [`FileError::Format`] if the bytes are not a whole safetensors file.
    pub fn from_bytes(
        what: &'static str,
        name: impl Into<String>,
        bytes: impl Into<SharedBytes>,
    ) -> Result<Self, FileError> {
        let (name, bytes) = (name.into(), bytes.into());
        let damaged = |error: safetensors::SafeTensorError| FileError::Format {
            what,
            name: name.clone(),
            expected: "a whole safetensors file".into(),
            got: format!("{} bytes that are not one: {error}", bytes.len()),
        };
        // The header alone does not tell whether the file is whole.
        SafeTensors::deserialize(&bytes).map_err(damaged)?;
        let (header_length, metadata) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
        Ok(Self { what, name, bytes, metadata, start: size_of::<u64>() + header_length })
    }

    /// The path, or the name that stands for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes of the whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 of the whole file, in hexadecimal.
    pub fn sha256(&self) -> String {
        sha256_hex(&self.bytes)
    }

    /// An entry of the metadata.
    pub fn entry(&self, key: &str) -> Option<&str> {
        self.metadata.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// The header: the JSON of the metadata entry `key`, which holds its version in the field `format`.
    ///
    /// The version is read first, so that another one is named as such and not by its first unknown field.
    ///
    /// # Errors
    /// [`FileError::Format`] if the entry is missing, of another version, or not such a header.
    pub fn header<H: DeserializeOwned>(&self, key: &str, format: u32) -> Result<H, FileError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let json = self.entry(key).ok_or_else(|| self.error(format!("metadata `{key}`"), "none"))?;
        let refuse = |error: serde_json::Error| self.error(format!("`{key}` of format {format}"), error.to_string());
        let version: Version = serde_json::from_str(json).map_err(refuse)?;
        if version.format != format {
            return Err(self.error(format!("format {format}"), version.format.to_string()));
        }
        serde_json::from_str(json).map_err(refuse)
    }

    /// The names of all tensors, in alphabetical order.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.metadata.offset_keys();
        names.sort_unstable();
        names
    }

    /// Type, shape and place of a tensor.
    pub fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.metadata.info(name)
    }

    /// The bytes of a tensor of this type and shape.
    ///
    /// # Errors
    /// [`FileError::Format`] naming the tensor that is missing or has another type or shape.
    pub fn tensor(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<&[u8], FileError> {
        let refuse = |got: String| self.error(format!("tensor `{name}`, {dtype:?} {shape:?}"), got);
        let info = self.info(name).ok_or_else(|| refuse("none".into()))?;
        if info.dtype != dtype || info.shape != shape {
            return Err(refuse(format!("{:?} {:?}", info.dtype, info.shape)));
        }
        self.get(name).ok_or_else(|| refuse("none".into()))
    }

    /// The shape of a tensor of this type, of rank `R`, with the sizes that are given.
    ///
    /// # Errors
    /// [`FileError::Format`] naming the tensor that is missing or has another type, rank or size.
    pub fn shape<const R: usize>(
        &self,
        name: &str,
        dtype: Dtype,
        sizes: [Option<usize>; R],
    ) -> Result<[usize; R], FileError> {
        let refuse = |got: String| {
            let sizes = sizes.map(|size| size.map_or_else(|| "_".to_owned(), |size| size.to_string()));
            self.error(format!("tensor `{name}`, {dtype:?} [{}]", sizes.join(", ")), got)
        };
        let info = self.info(name).ok_or_else(|| refuse("none".into()))?;
        let found = || format!("{:?} {:?}", info.dtype, info.shape);
        let shape = <[usize; R]>::try_from(info.shape.as_slice()).map_err(|_| refuse(found()))?;
        let fits = shape.iter().zip(sizes).all(|(&size, wanted)| wanted.is_none_or(|wanted| wanted == size));
        if info.dtype == dtype && fits { Ok(shape) } else { Err(refuse(found())) }
    }

    /// The bytes of a tensor, whatever its type and shape.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let (from, to) = self.info(name)?.data_offsets;
        self.bytes.get(self.start + from..self.start + to)
    }

    /// The bytes of a tensor, whatever its type and shape, in a form that outlives the file.
    pub fn shared(&self, name: &str) -> Option<SharedBytes> {
        let (from, to) = self.info(name)?.data_offsets;
        self.bytes.slice(self.start + from..self.start + to)
    }

    /// An error about the content of this file.
    pub fn error(&self, expected: impl Into<String>, got: impl Into<String>) -> FileError {
        FileError::Format { what: self.what, name: self.name.clone(), expected: expected.into(), got: got.into() }
    }
}
