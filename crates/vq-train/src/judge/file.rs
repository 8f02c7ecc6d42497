//! A judge as one file.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};
use vq_data::scenes::Color;

use super::{JudgeConfig, JudgeFigures};
use crate::TrainError;
use crate::atomic_file::write_atomically;

const FORMAT: &str = "vqct-judge";
const VERSION: u32 = 1;
/// The only key of the metadata: with several, their order would be another in each process, and so the file's hash.
const HEADER: &str = "header";

/// What the file of a judge says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeHeader {
    /// `vqct-judge`.
    pub format: String,
    /// The version of this format.
    pub version: u32,
    /// The program that trained it.
    pub written_by: String,
    /// What it was trained with.
    pub config: JudgeConfig,
    /// The nouns that it knows.
    pub nouns: Vec<String>,
    /// The colours that it knows, besides that of nature.
    pub colors: Vec<Color>,
    /// How well it judges scenes of which all is known.
    pub figures: JudgeFigures,
}

impl JudgeHeader {
    pub(super) fn new(config: JudgeConfig, nouns: Vec<String>, colors: Vec<Color>) -> Self {
        Self {
            format: FORMAT.into(),
            version: VERSION,
            written_by: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).into(),
            config,
            nouns,
            colors,
            figures: JudgeFigures::default(),
        }
    }

    fn parse(json: &str, refuse: impl Fn(String, String) -> TrainError) -> Result<Self, TrainError> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            format: String,
            #[serde(default)]
            version: u32,
        }
        let expected = || format!("a header of format `{FORMAT}`, version {VERSION}");
        let Head { format, version } =
            serde_json::from_str(json).map_err(|error| refuse(expected(), error.to_string()))?;
        if (format.as_str(), version) != (FORMAT, VERSION) {
            return Err(refuse(expected(), format!("`{format}`, version {version}")));
        }
        serde_json::from_str(json).map_err(|error| refuse(expected(), error.to_string()))
    }
}

/// A file that was read.
pub(super) struct JudgeFile {
    pub(super) header: JudgeHeader,
    bytes: Vec<u8>,
}

impl JudgeFile {
    pub(super) fn read(path: &Path) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(TrainError::io("read judge", path))?;
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| damaged(path, &bytes, &error))?;
        let refuse = |expected, got| refuse(path, expected, got);
        let facts = metadata.metadata().as_ref();
        let json = facts.and_then(|facts| facts.get(HEADER)).map_or("{}", String::as_str);
        let header = JudgeHeader::parse(json, refuse)?;
        Ok(Self { header, bytes })
    }

    /// Copies the parameters into those of `store`.
    pub(super) fn restore(&self, path: &Path, store: &nn::VarStore) -> Result<(), TrainError> {
        let tensors = SafeTensors::deserialize(&self.bytes).map_err(|error| damaged(path, &self.bytes, &error))?;
        for (name, mut variable) in store.variables() {
            let shape = variable.size();
            let refuse = |got| refuse(path, format!("tensor `{name}`, F32 {shape:?}"), got);
            let saved = tensors.tensor(&name).map_err(|_| refuse("none".into()))?;
            let found: Vec<i64> = saved.shape().iter().map(|&side| side as i64).collect();
            if saved.dtype() != Dtype::F32 || found != shape {
                return Err(refuse(format!("{:?} {found:?}", saved.dtype())));
            }
            let saved = Tensor::f_from_data_size(saved.data(), &shape, Kind::Float)?;
            tch::no_grad(|| variable.copy_(&saved));
        }
        Ok(())
    }

    /// Writes a judge; whatever goes wrong, an older one at `path` stays whole.
    pub(super) fn write(path: &Path, header: &JudgeHeader, store: &nn::VarStore) -> Result<(), TrainError> {
        let encode =
            |error: &dyn std::fmt::Display| refuse(path, "a judge that can be encoded".into(), error.to_string());
        let tensors: Vec<Saved> =
            store.variables().into_iter().map(|(name, tensor)| Saved::of(name, &tensor)).collect();
        let views = tensors.iter().map(|Saved { name, shape, bytes }| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(|error| encode(&error))?;
            Ok((name.as_str(), view))
        });
        let views = views.collect::<Result<Vec<_>, TrainError>>()?;
        let header = serde_json::to_string(header).map_err(|error| encode(&error))?;
        let facts = HashMap::from([(HEADER.to_owned(), header)]);
        let bytes = safetensors::serialize(views, Some(facts)).map_err(|error| encode(&error))?;
        write_atomically(path, |file| file.write_all(&bytes))
    }
}

/// A tensor as bytes.
struct Saved {
    name: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Saved {
    fn of(name: String, tensor: &Tensor) -> Self {
        let tensor = tensor.detach().to_device(Device::Cpu).contiguous();
        let mut bytes = vec![0; tensor.numel() * Kind::Float.elt_size_in_bytes()];
        tensor.copy_data_u8(&mut bytes, tensor.numel());
        Self { name, shape: tensor.size().iter().map(|&side| side as usize).collect(), bytes }
    }
}

fn refuse(path: &Path, expected: String, got: String) -> TrainError {
    TrainError::Judge { path: path.to_path_buf(), expected, got }
}

fn damaged(path: &Path, bytes: &[u8], error: &safetensors::SafeTensorError) -> TrainError {
    refuse(path, "a whole safetensors file".into(), format!("{} bytes that are none: {error}", bytes.len()))
}
