//! One file with all that a run needs to go on, and all that a tokenizer needs to be used.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use codebook_prior::PriorGraph;
use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tch::{Kind, Tensor, nn};

use crate::atomic_file::write_atomically;
use crate::{Adam, Experiment, TrainError};

const FORMAT: &str = "vqct-checkpoint";
const VERSION: &str = "1";

/// What a checkpoint says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointHeader {
    /// Steps taken.
    pub step: u64,
    /// The experiment, with which the run goes on.
    pub experiment: Experiment,
}

/// A checkpoint in memory.
///
/// The file is in the safetensors format:
///
/// ```text
/// metadata      format, version, header (JSON of CheckpointHeader)
/// model.*       F32, the tokenizer's parameters
/// adam.first.*  F32, adam.second.*  F32, the optimizer's moments
/// prior         U8, a whole prior.safetensors: words, embeddings, edges; only if codes are words
/// ```
///
/// The position in the data and the state of randomness follow from step and seed.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    header: CheckpointHeader,
    bytes: Vec<u8>,
    metadata: Metadata,
    /// Where the tensors begin in `bytes`.
    start: usize,
}

impl Checkpoint {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be read; [`TrainError::Checkpoint`] if it is cut short, of another format or of
    /// another version.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(TrainError::io("read checkpoint", path))?;
        let refuse = |expected: &str, got: String| TrainError::Checkpoint {
            path: path.to_path_buf(),
            expected: expected.into(),
            got,
        };
        let damaged = |error: safetensors::SafeTensorError| {
            refuse("a whole safetensors file", format!("{} bytes that are none: {error}", bytes.len()))
        };
        SafeTensors::deserialize(&bytes).map_err(damaged)?;
        let (header_length, metadata) = SafeTensors::read_metadata(&bytes).map_err(damaged)?;
        let facts = metadata.metadata().clone().unwrap_or_default();
        let fact = |key: &str| facts.get(key).map_or("nothing", String::as_str);
        if fact("format") != FORMAT {
            return Err(refuse(&format!("format `{FORMAT}`"), format!("`{}`", fact("format"))));
        }
        if fact("version") != VERSION {
            return Err(refuse(&format!("version {VERSION}"), fact("version").to_owned()));
        }
        let header = serde_json::from_str(fact("header"))
            .map_err(|error| refuse("a header of this version", error.to_string()))?;
        Ok(Self { path: path.to_path_buf(), header, start: size_of::<u64>() + header_length, bytes, metadata })
    }

    /// Writes a checkpoint; whatever goes wrong, an older one at `path` stays whole.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be written.
    pub fn save(
        path: &Path,
        header: &CheckpointHeader,
        prior: Option<&PriorGraph>,
        store: &nn::VarStore,
        adam: &Adam,
    ) -> Result<(), TrainError> {
        let model = store.variables().into_iter().map(|(name, tensor)| (format!("model.{name}"), tensor));
        let moments = adam.state().into_iter().map(|(name, tensor)| (format!("adam.{name}"), tensor));
        let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = model
            .chain(moments)
            .map(|(name, tensor)| Ok((name, shape_of(&tensor), bytes_of(&tensor)?)))
            .collect::<Result<_, TrainError>>()?;
        let prior = prior.map(PriorGraph::to_bytes).transpose()?;
        let encode = |error: &dyn std::fmt::Display| TrainError::Checkpoint {
            path: path.to_path_buf(),
            expected: "tensors that can be encoded".into(),
            got: error.to_string(),
        };
        let mut views = Vec::with_capacity(tensors.len() + 1);
        for (name, shape, bytes) in &tensors {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(|error| encode(&error))?;
            views.push((name.as_str(), view));
        }
        if let Some(bytes) = &prior {
            let view = TensorView::new(Dtype::U8, vec![bytes.len()], bytes).map_err(|error| encode(&error))?;
            views.push(("prior", view));
        }
        let header = serde_json::to_string(header).map_err(|error| encode(&error))?;
        let facts = [("format", FORMAT.to_owned()), ("version", VERSION.to_owned()), ("header", header)];
        let facts: HashMap<String, String> = facts.map(|(key, value)| (key.to_owned(), value)).into();
        let bytes = safetensors::serialize(views, Some(facts)).map_err(|error| encode(&error))?;
        write_atomically(path, |file| file.write_all(&bytes))
    }

    /// What the checkpoint says of itself.
    pub fn header(&self) -> &CheckpointHeader {
        &self.header
    }

    /// SHA-256 of the file, in hexadecimal: names the tokenizer that made ids.
    pub fn sha256(&self) -> String {
        Sha256::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The words, if codes are words.
    ///
    /// # Errors
    /// [`TrainError::Prior`] if they are damaged.
    pub fn prior(&self) -> Result<Option<PriorGraph>, TrainError> {
        self.bytes_of("prior").map(|bytes| Ok(PriorGraph::from_bytes(bytes)?)).transpose()
    }

    /// Copies the saved parameters into those of `store` that are registered so far.
    pub(crate) fn restore_model(&self, store: &nn::VarStore) -> Result<(), TrainError> {
        for (name, mut variable) in store.variables() {
            let saved = self.tensor(&format!("model.{name}"), &variable.size())?;
            tch::no_grad(|| variable.copy_(&saved));
        }
        Ok(())
    }

    /// Takes over the optimizer's moments.
    pub(crate) fn restore_adam(&self, adam: &mut Adam) -> Result<(), TrainError> {
        adam.restore(self.header.step, |name, shape| self.tensor(&format!("adam.{name}"), shape))
    }

    fn tensor(&self, name: &str, shape: &[i64]) -> Result<Tensor, TrainError> {
        let refuse = |got: String| TrainError::Checkpoint {
            path: self.path.clone(),
            expected: format!("tensor `{name}`, F32 {shape:?}"),
            got,
        };
        let info = self.metadata.info(name).ok_or_else(|| refuse("none".into()))?;
        let found: Vec<i64> = info.shape.iter().map(|&side| side as i64).collect();
        if info.dtype != Dtype::F32 || found != shape {
            return Err(refuse(format!("{:?} {found:?}", info.dtype)));
        }
        let bytes = self.bytes_of(name).ok_or_else(|| refuse("none".into()))?;
        Ok(Tensor::f_from_data_size(bytes, shape, Kind::Float)?)
    }

    fn bytes_of(&self, name: &str) -> Option<&[u8]> {
        let (from, to) = self.metadata.info(name)?.data_offsets;
        self.bytes.get(self.start + from..self.start + to)
    }
}

fn shape_of(tensor: &Tensor) -> Vec<usize> {
    tensor.size().iter().map(|&side| side as usize).collect()
}

fn bytes_of(tensor: &Tensor) -> Result<Vec<u8>, TrainError> {
    let tensor = tensor.detach().to_device(tch::Device::Cpu).to_kind(Kind::Float).contiguous();
    let mut bytes = vec![0; tensor.numel() * size_of::<f32>()];
    tensor.f_copy_data_u8(&mut bytes, tensor.numel())?;
    Ok(bytes)
}
