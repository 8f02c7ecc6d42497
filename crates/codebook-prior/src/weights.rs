//! The weights of a language model's folder: one safetensors file, or shards with an index.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use half::{bf16, f16};
use memmap2::Mmap;
use safetensors::tensor::TensorInfo;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use crate::map::map;
use crate::text_file::{TextFile, sha256, source};
use crate::{PriorError, Source};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// What is read of the index.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Which file of a folder holds each tensor; no shard is opened yet.
pub(crate) struct Weights {
    /// The file that lists the tensors.
    path: PathBuf,
    index: Option<TextFile>,
    files: BTreeMap<String, PathBuf>,
}

impl Weights {
    /// Reads the header of `model.safetensors`, else `model.safetensors.index.json`.
    pub(crate) fn open(folder: &Path) -> Result<Self, PriorError> {
        let path = folder.join(INDEX);
        if folder.join(SINGLE).exists() || !path.exists() {
            let path = folder.join(SINGLE);
            let file = WeightFile::open(&path)?;
            let files = file.tensors.into_keys().map(|name| (name, path.clone())).collect();
            return Ok(Self { path, index: None, files });
        }
        let file = TextFile::read(path.clone())?;
        let index: Index = serde_json::from_str(&file.text).map_err(|source| PriorError::Json {
            file: path.display().to_string(),
            expected: "an index of shards with `weight_map`",
            source,
        })?;
        let files: Result<_, PriorError> = index
            .weight_map
            .into_iter()
            .map(|(tensor, shard)| match is_plain(&shard) {
                true => Ok((tensor, folder.join(shard))),
                false => Err(fail(&path, &tensor, "the name of a file in the same folder", format!("{shard:?}"))),
            })
            .collect();
        Ok(Self { path, files: files?, index: Some(file) })
    }

    /// The first of `names` that is there.
    pub(crate) fn find(&self, names: &[&'static str]) -> Result<&'static str, PriorError> {
        names.iter().copied().find(|name| self.files.contains_key(*name)).ok_or_else(|| {
            let got = format!("{} other tensors", self.files.len());
            PriorError::invalid(&format!("read {}", self.path.display()), "tensors", names.join(" or "), got)
        })
    }

    /// The names of all tensors.
    #[cfg(feature = "encoder")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The tensors of the given names, each file opened once.
    pub(crate) fn tensors<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Loaded, PriorError> {
        let mut opened: BTreeMap<&Path, WeightFile> = BTreeMap::new();
        let mut tensors = Vec::new();
        for name in names {
            let missing = || fail(&self.path, name, "a tensor of that name", format!("{} others", self.files.len()));
            let path = self.files.get(name).ok_or_else(missing)?;
            let file = match opened.entry(path) {
                Entry::Occupied(file) => file.into_mut(),
                Entry::Vacant(place) => place.insert(WeightFile::open(path)?),
            };
            tensors.push(file.tensor(name)?);
        }
        Ok(Loaded { tensors, files: opened.into_values().collect() })
    }

    /// The files that `loaded` came from, and the index, as provenance names them.
    pub(crate) fn sources(&self, loaded: &Loaded, model: &str) -> Vec<Source> {
        let shards = loaded.files.iter().map(|file| source(model, &file.path, sha256(&file.map)));
        self.index.iter().map(|index| index.source(model)).chain(shards).collect()
    }
}

/// Whether a name is that of a file, not of a path out of the folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
}

/// Tensors in the order of their names' request, and the files that hold them.
pub(crate) struct Loaded {
    pub(crate) tensors: Vec<StoredTensor>,
    files: Vec<WeightFile>,
}

/// A mapped safetensors file whose header was read.
struct WeightFile {
    path: PathBuf,
    map: Arc<Mmap>,
    tensors: BTreeMap<String, TensorInfo>,
    /// Where the tensors' bytes start.
    data: usize,
}

impl WeightFile {
    fn open(path: &Path) -> Result<Self, PriorError> {
        let map = Arc::new(map(path)?);
        let container = |source| PriorError::Container { file: path.display().to_string(), source };
        // Checks that the file is whole, which the header alone does not tell.
        SafeTensors::deserialize(&map).map_err(container)?;
        let (header, metadata) = SafeTensors::read_metadata(&map).map_err(container)?;
        let tensors = metadata.tensors().into_iter().map(|(name, info)| (name, info.clone())).collect();
        Ok(Self { path: path.to_owned(), map, tensors, data: 8 + header })
    }

    fn tensor(&self, name: &str) -> Result<StoredTensor, PriorError> {
        let Some(info) = self.tensors.get(name) else {
            let got = format!("{} other tensors", self.tensors.len());
            return Err(fail(&self.path, name, "a tensor of that name", got));
        };
        let number = match info.dtype {
            Dtype::F32 => Number::F32,
            Dtype::F16 => Number::F16,
            Dtype::BF16 => Number::Bf16,
            other => return Err(fail(&self.path, name, "F32, F16 or BF16", format!("{other:?}"))),
        };
        let (start, end) = info.data_offsets;
        Ok(StoredTensor {
            path: self.path.clone(),
            name: name.to_owned(),
            shape: info.shape.clone(),
            number,
            map: Arc::clone(&self.map),
            bytes: self.data + start..self.data + end,
        })
    }
}

/// How a number is stored.
#[derive(Clone, Copy)]
enum Number {
    F32,
    F16,
    Bf16,
}

impl Number {
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
            _ => f32::NAN, // no number has another size
        }
    }
}

/// A tensor of floats that lies in a mapped file; numbers are converted when they are asked for.
pub(crate) struct StoredTensor {
    path: PathBuf,
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    number: Number,
    map: Arc<Mmap>,
    bytes: Range<usize>,
}

impl StoredTensor {
    /// The numbers of `range`, counted row by row, all finite.
    pub(crate) fn values(&self, range: Range<usize>) -> Result<Vec<f32>, PriorError> {
        let size = self.number.bytes();
        let bytes = &self.map[self.bytes.clone()][range.start * size..range.end * size];
        let values: Vec<f32> = bytes.chunks_exact(size).map(|bytes| self.number.read(bytes)).collect();
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(at) => {
                let place = self.place(range.start + at);
                Err(self.fail("finite numbers", format!("{} at {place:?}", values[at])))
            }
        }
    }

    /// The indices of a number that is counted row by row.
    fn place(&self, mut at: usize) -> Vec<usize> {
        let mut place: Vec<usize> = self.shape.iter().rev().map(|size| (at % size, at /= size).0).collect();
        place.reverse();
        place
    }

    pub(crate) fn fail(&self, expected: &str, got: impl ToString) -> PriorError {
        fail(&self.path, &self.name, expected, got.to_string())
    }
}

fn fail(path: &Path, tensor: &str, expected: &str, got: String) -> PriorError {
    PriorError::invalid(&format!("read {}", path.display()), format!("tensor {tensor:?}"), expected, got)
}
