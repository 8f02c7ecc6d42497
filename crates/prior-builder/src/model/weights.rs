//! The weights of a language model: one safetensors file, or shards with an index.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use codebook_prior::Source;
use half::{bf16, f16};
use serde::Deserialize;
use vq_file::{Dtype, SharedBytes, TensorFile};

use crate::error::BuildError;
use crate::text_file::{TextFile, source};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// The used part of the index.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Which file of a folder has each tensor; shards are opened when their tensors are read.
pub(crate) struct Weights {
    /// The file that lists the tensors.
    path: PathBuf,
    index: Option<TextFile>,
    files: BTreeMap<String, PathBuf>,
}

impl Weights {
    /// Reads the header of `model.safetensors`, or else `model.safetensors.index.json`.
    pub(crate) fn open(folder: &Path) -> Result<Self, BuildError> {
        let path = folder.join(INDEX);
        if folder.join(SINGLE).exists() || !path.exists() {
            let path = folder.join(SINGLE);
            let names = open_shard(&path)?.names();
            let files = names.into_iter().map(|name| (name, path.clone())).collect();
            return Ok(Self { path, index: None, files });
        }
        let file = TextFile::read(path.clone())?;
        let index: Index = serde_json::from_str(&file.text).map_err(|source| BuildError::Json {
            file: path.display().to_string(),
            expected: "an index of shards with `weight_map`",
            source,
        })?;
        let files: Result<_, BuildError> = index
            .weight_map
            .into_iter()
            .map(|(tensor, shard)| match is_file_name(&shard) {
                true => Ok((tensor, folder.join(shard))),
                false => Err(refuse(&path, &tensor, "the name of a file in the same folder", format!("{shard:?}"))),
            })
            .collect();
        Ok(Self { path, files: files?, index: Some(file) })
    }

    /// The first of `names` that exists.
    pub(crate) fn find(&self, names: &[&'static str]) -> Result<&'static str, BuildError> {
        names.iter().copied().find(|name| self.files.contains_key(*name)).ok_or_else(|| {
            let got = format!("{} other tensors", self.files.len());
            BuildError::invalid(&format!("read {}", self.path.display()), "tensors", names.join(" or "), got)
        })
    }

    /// The names of all tensors.
    #[cfg(feature = "encoder")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The tensors of the given names; each file is opened once.
    pub(crate) fn tensors<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<LoadedTensors, BuildError> {
        let mut opened: BTreeMap<&Path, TensorFile> = BTreeMap::new();
        let mut tensors = Vec::new();
        for name in names {
            let missing = || refuse(&self.path, name, "a tensor of that name", format!("{} others", self.files.len()));
            let path = self.files.get(name).ok_or_else(missing)?;
            let file = match opened.entry(path) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(open_shard(path)?),
            };
            tensors.push(StoredTensor::new(path, file, name)?);
        }
        let files = opened.into_iter().map(|(path, file)| (path.to_owned(), file)).collect();
        Ok(LoadedTensors { tensors, files })
    }

    /// The files of `loaded` and the index, as sources of a prior.
    pub(crate) fn sources(&self, loaded: &LoadedTensors, model: &str) -> Vec<Source> {
        let shards = loaded.files.iter().map(|(path, file)| source(model, path, file.sha256()));
        self.index.iter().map(|index| index.source(model)).chain(shards).collect()
    }
}

fn open_shard(path: &Path) -> Result<TensorFile, BuildError> {
    Ok(TensorFile::map("weights", path)?)
}

/// Whether a name is that of a file in the same folder, not a path to another one.
fn is_file_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
}

/// Tensors in the order of the requested names, and the files that contain them.
pub(crate) struct LoadedTensors {
    pub(crate) tensors: Vec<StoredTensor>,
    files: Vec<(PathBuf, TensorFile)>,
}

/// A dtype of weights.
#[derive(Clone, Copy)]
enum FloatDtype {
    F32,
    F16,
    Bf16,
}

impl FloatDtype {
    fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    fn read(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (Self::F16, &[a, b]) => f16::from_le_bytes([a, b]).to_f32(),
            (Self::Bf16, &[a, b]) => bf16::from_le_bytes([a, b]).to_f32(),
            _ => f32::NAN, // unreachable: no dtype has another size
        }
    }
}

/// A float tensor in a mapped file; numbers are converted when they are read.
pub(crate) struct StoredTensor {
    path: PathBuf,
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    dtype: FloatDtype,
    bytes: SharedBytes,
}

impl StoredTensor {
    fn new(path: &Path, file: &TensorFile, name: &str) -> Result<Self, BuildError> {
        let (Some(info), Some(bytes)) = (file.info(name), file.shared(name)) else {
            let got = format!("{} other tensors", file.names().len());
            return Err(refuse(path, name, "a tensor of that name", got));
        };
        let dtype = match info.dtype {
            Dtype::F32 => FloatDtype::F32,
            Dtype::F16 => FloatDtype::F16,
            Dtype::BF16 => FloatDtype::Bf16,
            other => return Err(refuse(path, name, "F32, F16 or BF16", format!("{other:?}"))),
        };
        Ok(Self { path: path.to_owned(), name: name.to_owned(), shape: info.shape.clone(), dtype, bytes })
    }

    /// The numbers of a range of the tensor in row-major order; all must be finite.
    pub(crate) fn values(&self, range: Range<usize>) -> Result<Vec<f32>, BuildError> {
        let size = self.dtype.bytes();
        let bytes = &self.bytes[range.start * size..range.end * size];
        let values: Vec<f32> = bytes.chunks_exact(size).map(|bytes| self.dtype.read(bytes)).collect();
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(at) => {
                let index = self.index(range.start + at);
                Err(self.refuse("finite numbers", format!("{} at {index:?}", values[at])))
            }
        }
    }

    /// The index along each axis of a number in row-major order.
    fn index(&self, mut at: usize) -> Vec<usize> {
        let mut index: Vec<usize> = self.shape.iter().rev().map(|size| (at % size, at /= size).0).collect();
        index.reverse();
        index
    }

    /// An error that names the file and the tensor.
    pub(crate) fn refuse(&self, expected: &str, got: impl ToString) -> BuildError {
        refuse(&self.path, &self.name, expected, got.to_string())
    }
}

fn refuse(path: &Path, tensor: &str, expected: &str, got: String) -> BuildError {
    BuildError::invalid(&format!("read {}", path.display()), format!("tensor {tensor:?}"), expected, got)
}
