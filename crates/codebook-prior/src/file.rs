//! One self-describing safetensors file per prior.
//!
//! | Tensor | Type and shape | Content |
//! |---|---|---|
//! | `words` | `U8 [bytes]` | UTF-8, one word a line, adjectives first |
//! | `parts_of_speech` | `U8 [K]` | 0 adjective, 1 noun |
//! | `counts` | `U64 [K]` | how often each word was seen |
//! | `reasons` | `U8 [bytes]` | UTF-8, one line a word: why it was kept; may be absent |
//! | `edges` | `U32 [E, 2]` | adjective node, noun node; sorted, unique |
//! | `edge_weights` | `F32 [E]` | finite, positive |
//! | `vectors` | `F16` or `F32` `[K, W]` | finite |
//!
//! The container's metadata has the one key `codebook-prior`: JSON with `format` (1) and `provenance`. One key only,
//! because the container writes several in an order that changes from run to run; so equal priors have equal bytes.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use atomic_write_file::AtomicWriteFile;
use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::vectors::Storage;
use crate::{Edge, PartOfSpeech, Precision, PriorError, PriorGraph, PriorParts, Provenance, Vectors, Word, map};

const KEY: &str = "codebook-prior";
const FORMAT: u32 = 1;

/// The container's metadata.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    provenance: Provenance,
}

/// Read before [`Header`], so that a later format is named as such rather than by its first unknown field.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

#[cfg(feature = "embedded")]
static EMBEDDED: &[u8] = include_bytes!("../assets/prior.safetensors");

impl PriorGraph {
    /// The default prior: 1012 adjectives and 4258 nouns with vectors of all-MiniLM-L6-v2 (W = 384).
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes); a test holds that the shipped bytes have none.
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, PriorError> {
        decode("embedded prior", EMBEDDED, |start, end| Storage::Static(&EMBEDDED[start..end]))
    }

    /// Reads a prior's file; the vectors stay in the mapped file and are not copied.
    ///
    /// The file must not be truncated or written in place while the graph lives; replacing it, as
    /// [`save`](Self::save) does, is fine.
    ///
    /// # Errors
    /// [`PriorError::Io`] when the file cannot be mapped, else as [`from_bytes`](Self::from_bytes).
    pub fn open(path: &Path) -> Result<Self, PriorError> {
        let map = Arc::new(map::map(path)?);
        decode(&path.display().to_string(), &map, |start, end| Storage::Mapped(Arc::clone(&map), start..end))
    }

    /// Reads the bytes of a prior's file.
    ///
    /// # Errors
    /// [`PriorError::Container`] when they are no safetensors file, [`PriorError::Json`] when its description cannot
    /// be read, [`PriorError::Invalid`] when the format's version, a tensor's type or shape, or a rule of
    /// [`PriorGraph::new`] is broken.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PriorError> {
        decode("prior from memory", bytes, |start, end| Storage::Owned(bytes[start..end].to_vec()))
    }

    /// The bytes of the prior's file; equal graphs give equal bytes.
    ///
    /// # Errors
    /// [`PriorError::Container`] or [`PriorError::Json`] when the description is too large to be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PriorError> {
        let file = "prior to memory";
        let container = |source| PriorError::Container { file: file.into(), source };
        let header = Header { format: FORMAT, provenance: self.provenance().clone() };
        let header = serde_json::to_string(&header).map_err(|source| PriorError::Json {
            file: file.into(),
            expected: "a description that can be written",
            source,
        })?;

        let words: Vec<u8> = self.words().iter().flat_map(|word| line(&word.text)).collect();
        let reasons: Vec<u8> = self.words().iter().flat_map(|word| line(&word.reason)).collect();
        let parts: Vec<u8> = self.words().iter().map(|word| code(word.part_of_speech)).collect();
        let counts = bytes_of(self.words().iter().map(|word| word.count.to_le_bytes()));
        let edges = bytes_of(self.edges().iter().flat_map(|edge| [edge.adjective, edge.noun]).map(u32::to_le_bytes));
        let weights = bytes_of(self.edges().iter().map(|edge| edge.weight.to_le_bytes()));
        let (k, e) = (self.len(), self.edges().len());
        let noted = self.words().iter().any(|word| !word.reason.is_empty());
        let tensors = [
            ("words", Dtype::U8, vec![words.len()], words.as_slice()),
            ("parts_of_speech", Dtype::U8, vec![k], &parts),
            ("counts", Dtype::U64, vec![k], &counts),
            ("edges", Dtype::U32, vec![e, 2], &edges),
            ("edge_weights", Dtype::F32, vec![e], &weights),
            ("vectors", dtype(self.vectors().precision()), vec![k, self.width()], self.vectors().bytes()),
        ];
        let reasons = noted.then(|| ("reasons", Dtype::U8, vec![reasons.len()], reasons.as_slice()));
        let views = tensors
            .into_iter()
            .chain(reasons)
            .map(|(name, dtype, shape, data)| Ok((name, TensorView::new(dtype, shape, data)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(container)?;
        safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), header)]))).map_err(container)
    }

    /// Writes the prior's file, whole or not at all.
    ///
    /// # Errors
    /// [`PriorError::Io`] when the disk refuses, else as [`to_bytes`](Self::to_bytes).
    pub fn save(&self, path: &Path) -> Result<(), PriorError> {
        let bytes = self.to_bytes()?;
        let io = |source| PriorError::Io { op: "write", path: path.to_owned(), source };
        let mut file = AtomicWriteFile::open(path).map_err(io)?;
        file.write_all(&bytes).map_err(io)?;
        file.commit().map_err(io)
    }
}

fn decode(file: &str, bytes: &[u8], storage: impl FnOnce(usize, usize) -> Storage) -> Result<PriorGraph, PriorError> {
    let container = |source| PriorError::Container { file: file.to_owned(), source };
    let tensors = Tensors { file, held: SafeTensors::deserialize(bytes).map_err(container)? };
    let (header_len, metadata) = SafeTensors::read_metadata(bytes).map_err(container)?;
    let provenance = provenance(file, &metadata)?;
    let words = words(&tensors)?;
    let edges = edges(&tensors)?;

    let view = tensors.view("vectors")?;
    let precision = match view.dtype() {
        Dtype::F16 => Precision::F16,
        Dtype::F32 => Precision::F32,
        other => return Err(tensors.fail("vectors", "F16 or F32", format!("{other:?}"))),
    };
    let [_, width] = tensors.shape("vectors", [Some(words.len()), None])?;
    let info = metadata.info("vectors").ok_or_else(|| tensors.missing("vectors"))?;
    let data = 8 + header_len; // the header's length, the header, then the tensors
    let (start, end) = info.data_offsets;
    let vectors = Vectors::stored(precision, width, storage(data + start, data + end));
    PriorGraph::checked(&format!("read {file}"), PriorParts { words, edges, vectors, provenance })
}

fn provenance(file: &str, metadata: &Metadata) -> Result<Provenance, PriorError> {
    let op = format!("read {file}");
    let header = metadata
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(KEY))
        .ok_or_else(|| PriorError::invalid(&op, "metadata", format!("the key {KEY:?}"), "none"))?;
    let json = |source| PriorError::Json {
        file: format!("{file}: metadata {KEY:?}"),
        expected: "a description of a prior",
        source,
    };
    let Version { format } = serde_json::from_str(header).map_err(json)?;
    if format != FORMAT {
        return Err(PriorError::invalid(&op, "format", FORMAT.to_string(), format));
    }
    Ok(serde_json::from_str::<Header>(header).map_err(json)?.provenance)
}

fn words(tensors: &Tensors<'_>) -> Result<Vec<Word>, PriorError> {
    let parts = tensors.typed("parts_of_speech", Dtype::U8)?;
    let [len] = tensors.shape("parts_of_speech", [None])?;
    let counts = tensors.typed("counts", Dtype::U64)?;
    tensors.shape("counts", [Some(len)])?;
    let texts = lines(tensors, "words", len)?;
    let reasons = match tensors.held.tensor("reasons") {
        Ok(_) => lines(tensors, "reasons", len)?,
        Err(_) => vec![""; len],
    };
    let counts = counts.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
    let rows = texts.into_iter().zip(parts).zip(counts).zip(reasons);
    rows.map(|(((text, part), count), reason)| {
        let part_of_speech = match part {
            0 => PartOfSpeech::Adjective,
            1 => PartOfSpeech::Noun,
            other => return Err(tensors.fail("parts_of_speech", "0 or 1", other.to_string())),
        };
        Ok(Word { text: text.to_owned(), part_of_speech, count, reason: reason.to_owned() })
    })
    .collect()
}

/// The `len` lines of a text.
fn lines<'a>(tensors: &Tensors<'a>, name: &str, len: usize) -> Result<Vec<&'a str>, PriorError> {
    let text = tensors.typed(name, Dtype::U8)?;
    tensors.shape(name, [None])?;
    let text = std::str::from_utf8(text).map_err(|error| tensors.fail(name, "UTF-8", error.to_string()))?;
    let lines: Vec<&str> = text.split_terminator('\n').collect();
    if lines.len() != len || !(text.is_empty() || text.ends_with('\n')) {
        let expected = format!("{len} lines, each ended");
        return Err(tensors.fail(name, &expected, format!("{} lines", lines.len())));
    }
    Ok(lines)
}

fn edges(tensors: &Tensors<'_>) -> Result<Vec<Edge>, PriorError> {
    let weights = tensors.typed("edge_weights", Dtype::F32)?;
    let [len] = tensors.shape("edge_weights", [None])?;
    let nodes = tensors.typed("edges", Dtype::U32)?;
    tensors.shape("edges", [Some(len), Some(2)])?;
    let nodes: Vec<u32> = nodes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let weights = weights.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let pairs = nodes.as_chunks().0.iter().zip(weights);
    Ok(pairs.map(|(&[adjective, noun], weight)| Edge { adjective, noun, weight }).collect())
}

/// The tensors of a file, with errors that name both.
struct Tensors<'a> {
    file: &'a str,
    held: SafeTensors<'a>,
}

impl<'a> Tensors<'a> {
    fn view(&self, name: &str) -> Result<TensorView<'a>, PriorError> {
        self.held.tensor(name).map_err(|_| self.missing(name))
    }

    fn typed(&self, name: &str, dtype: Dtype) -> Result<&'a [u8], PriorError> {
        let view = self.view(name)?;
        if view.dtype() != dtype {
            return Err(self.fail(name, &format!("{dtype:?}"), format!("{:?}", view.dtype())));
        }
        Ok(view.data())
    }

    /// The tensor's shape, once its rank is `R` and the given sizes agree.
    fn shape<const R: usize>(&self, name: &str, sizes: [Option<usize>; R]) -> Result<[usize; R], PriorError> {
        let view = self.view(name)?;
        let fail = || {
            let expected: Vec<_> = sizes.iter().map(|size| size.map_or("any".to_owned(), |n| n.to_string())).collect();
            self.fail(name, &format!("shape [{}]", expected.join(", ")), format!("{:?}", view.shape()))
        };
        let shape = <[usize; R]>::try_from(view.shape()).map_err(|_| fail())?;
        let agree = shape.iter().zip(sizes).all(|(size, wanted)| wanted.is_none_or(|n| n == *size));
        if agree { Ok(shape) } else { Err(fail()) }
    }

    fn missing(&self, name: &str) -> PriorError {
        self.fail(name, "a tensor of that name", format!("{:?}", self.held.names()))
    }

    fn fail(&self, name: &str, expected: &str, got: String) -> PriorError {
        PriorError::invalid(&format!("read {}", self.file), format!("tensor {name:?}"), expected, got)
    }
}

fn line(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().chain([b'\n'])
}

fn code(part: PartOfSpeech) -> u8 {
    match part {
        PartOfSpeech::Adjective => 0,
        PartOfSpeech::Noun => 1,
    }
}

fn dtype(precision: Precision) -> Dtype {
    match precision {
        Precision::F16 => Dtype::F16,
        Precision::F32 => Dtype::F32,
    }
}

fn bytes_of<const B: usize>(values: impl Iterator<Item = [u8; B]>) -> Vec<u8> {
    values.flatten().collect()
}
