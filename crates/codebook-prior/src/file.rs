//! The file of a prior: one self-describing safetensors file.
//!
//! | Tensor | Type and shape | Content |
//! |---|---|---|
//! | `words` | `U8 [bytes]` | UTF-8, one word per line, adjectives first |
//! | `parts_of_speech` | `U8 [K]` | 0 adjective, 1 noun |
//! | `counts` | `U64 [K]` | how often each word occurs |
//! | `reasons` | `U8 [bytes]` | UTF-8, one line per word: why it was kept; optional |
//! | `edges` | `U32 [E, 2]` | adjective node, noun node; sorted, unique |
//! | `edge_weights` | `F32 [E]` | finite, positive |
//! | `vectors` | `F16` or `F32` `[K, W]` | finite |
//!
//! The metadata has one entry, `codebook-prior`: JSON with `format` (1) and `provenance`. Several entries would be
//! written in an order that changes from process to process; with one, equal priors have equal bytes.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use vq_file::{Dtype, FileError, TensorData, TensorFile, encode_tensors, header_json, write_atomically};

use crate::{Edge, PartOfSpeech, PriorError, PriorGraph, PriorParts, Provenance, VectorDtype, Vectors, Word};

/// The kind of file, for errors.
const WHAT: &str = "prior";
/// The metadata entry.
const KEY: &str = "codebook-prior";
/// The version of the format.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    provenance: Provenance,
}

#[cfg(feature = "embedded")]
static EMBEDDED: &[u8] = include_bytes!("../assets/prior.safetensors");

impl PriorGraph {
    /// The default prior: 1012 adjectives and 4258 nouns with vectors of all-MiniLM-L6-v2 (W = 384).
    ///
    /// # Errors
    /// Those of [`from_bytes`](Self::from_bytes). A test asserts that the shipped bytes cause none.
    #[cfg(feature = "embedded")]
    pub fn embedded() -> Result<Self, PriorError> {
        decode(&TensorFile::from_bytes(WHAT, "embedded in the binary", EMBEDDED)?)
    }

    /// Maps a prior's file into memory; the vectors stay in the mapped file and are not copied.
    ///
    /// The file must not be truncated or written in place while the graph is in use. Replacing it, as
    /// [`save`](Self::save) does, is fine.
    ///
    /// # Errors
    /// [`PriorError::File`] if the file cannot be mapped, else those of [`from_bytes`](Self::from_bytes).
    pub fn open(path: &Path) -> Result<Self, PriorError> {
        decode(&TensorFile::map(WHAT, path)?)
    }

    /// Reads the bytes of a prior's file.
    ///
    /// # Errors
    /// [`PriorError::File`] if the bytes are not a whole safetensors file, or if the header, its version, or a tensor's
    /// type, shape or content is wrong; [`PriorError::Invalid`] if a rule of [`PriorGraph::new`] is broken.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PriorError> {
        decode(&TensorFile::from_bytes(WHAT, "in memory", bytes.to_vec())?)
    }

    /// The bytes of the prior's file; equal graphs give equal bytes.
    ///
    /// # Errors
    /// [`PriorError::File`] if the provenance is too large for a header.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PriorError> {
        let header = header_json(WHAT, &Header { format: FORMAT, provenance: self.provenance().clone() })?;
        let words: Vec<u8> = self.words().iter().flat_map(|word| line(&word.text)).collect();
        let reasons: Vec<u8> = self.words().iter().flat_map(|word| line(&word.reason)).collect();
        let parts: Vec<u8> = self.words().iter().map(|word| code(word.part_of_speech)).collect();
        let counts = bytes_of(self.words().iter().map(|word| word.count.to_le_bytes()));
        let edges = bytes_of(self.edges().iter().flat_map(|edge| [edge.adjective, edge.noun]).map(u32::to_le_bytes));
        let weights = bytes_of(self.edges().iter().map(|edge| edge.weight.to_le_bytes()));
        let (k, e) = (self.len(), self.edges().len());
        let has_reasons = self.words().iter().any(|word| !word.reason.is_empty());
        let vectors_dtype = self.vectors().dtype().in_file();
        let tensors = [
            ("words", TensorData::bytes(words)),
            ("parts_of_speech", TensorData::new(Dtype::U8, vec![k], parts)),
            ("counts", TensorData::new(Dtype::U64, vec![k], counts)),
            ("edges", TensorData::new(Dtype::U32, vec![e, 2], edges)),
            ("edge_weights", TensorData::new(Dtype::F32, vec![e], weights)),
            ("vectors", TensorData::new(vectors_dtype, vec![k, self.embedding_dim()], self.vectors().bytes())),
        ];
        let reasons = has_reasons.then(|| ("reasons", TensorData::bytes(reasons)));
        Ok(encode_tensors(WHAT, tensors.into_iter().chain(reasons), [(KEY, header)])?)
    }

    /// Writes the prior's file, whole or not at all.
    ///
    /// # Errors
    /// [`PriorError::File`] if the file cannot be written, else those of [`to_bytes`](Self::to_bytes).
    pub fn save(&self, path: &Path) -> Result<(), PriorError> {
        let bytes = self.to_bytes()?;
        Ok(write_atomically(path, |file| file.write_all(&bytes))?)
    }
}

fn decode(file: &TensorFile) -> Result<PriorGraph, PriorError> {
    let Header { provenance, .. } = file.header(KEY, FORMAT)?;
    let words = words(file)?;
    let edges = edges(file)?;
    let refuse = |got: String| file.error("tensor `vectors`, F16 or F32", got);
    let dtype = match file.info("vectors").map(|info| info.dtype) {
        Some(Dtype::F16) => VectorDtype::F16,
        Some(Dtype::F32) => VectorDtype::F32,
        Some(other) => return Err(refuse(format!("{other:?}")).into()),
        None => return Err(refuse("none".into()).into()),
    };
    let [_, embedding_dim] = file.shape("vectors", dtype.in_file(), [Some(words.len()), None])?;
    let bytes = file.shared("vectors").ok_or_else(|| refuse("none".into()))?;
    let vectors = Vectors::from_bytes(dtype, embedding_dim, bytes);
    PriorGraph::checked(&format!("{WHAT} {}", file.name()), PriorParts { words, edges, vectors, provenance })
}

fn words(file: &TensorFile) -> Result<Vec<Word>, FileError> {
    let [len] = file.shape("parts_of_speech", Dtype::U8, [None])?;
    let parts = file.tensor("parts_of_speech", Dtype::U8, &[len])?;
    let counts = file.tensor("counts", Dtype::U64, &[len])?;
    let texts = lines(file, "words", len)?;
    let reasons = if file.info("reasons").is_some() { lines(file, "reasons", len)? } else { vec![""; len] };
    let counts = counts.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
    let rows = texts.into_iter().zip(parts).zip(counts).zip(reasons);
    rows.map(|(((text, part), count), reason)| {
        let part_of_speech = match part {
            0 => PartOfSpeech::Adjective,
            1 => PartOfSpeech::Noun,
            other => return Err(file.error("tensor `parts_of_speech` of 0 and 1", other.to_string())),
        };
        Ok(Word { text: text.to_owned(), part_of_speech, count, reason: reason.to_owned() })
    })
    .collect()
}

/// The `len` lines of a text.
fn lines<'a>(file: &'a TensorFile, name: &str, len: usize) -> Result<Vec<&'a str>, FileError> {
    let [bytes] = file.shape(name, Dtype::U8, [None])?;
    let text = std::str::from_utf8(file.tensor(name, Dtype::U8, &[bytes])?)
        .map_err(|error| file.error(format!("tensor `{name}` of UTF-8"), error.to_string()))?;
    let lines: Vec<&str> = text.split_terminator('\n').collect();
    let is_ended = text.is_empty() || text.ends_with('\n');
    if lines.len() != len || !is_ended {
        let end = if is_ended { "" } else { ", the last without its end" };
        let expected = format!("tensor `{name}` of {len} lines, each ended by a line feed");
        return Err(file.error(expected, format!("{} lines{end}", lines.len())));
    }
    Ok(lines)
}

fn edges(file: &TensorFile) -> Result<Vec<Edge>, FileError> {
    let [len] = file.shape("edge_weights", Dtype::F32, [None])?;
    let weights = file.tensor("edge_weights", Dtype::F32, &[len])?;
    let nodes = file.tensor("edges", Dtype::U32, &[len, 2])?;
    let nodes: Vec<u32> = nodes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    let weights = weights.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let pairs = nodes.as_chunks().0.iter().zip(weights);
    Ok(pairs.map(|(&[adjective, noun], weight)| Edge { adjective, noun, weight }).collect())
}

/// A text as a line.
fn line(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().chain([b'\n'])
}

fn code(part_of_speech: PartOfSpeech) -> u8 {
    match part_of_speech {
        PartOfSpeech::Adjective => 0,
        PartOfSpeech::Noun => 1,
    }
}

fn bytes_of<const B: usize>(values: impl Iterator<Item = [u8; B]>) -> Vec<u8> {
    values.flatten().collect()
}
