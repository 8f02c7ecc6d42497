//! One file with all that a run needs to go on, and all that a tokenizer needs to be used.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use codebook_prior::PriorGraph;
use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tch::{Kind, Tensor, nn};
use vlt_caption::Language;

use crate::atomic_file::write_atomically;
use crate::checkpoint_header::{CheckpointHeader, Migration, Trained, VERSION};
use crate::{Adam, Adversary, Experiment, TrainError, WeightAverage};

/// Which parameters of a checkpoint are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weights {
    /// The averaged ones, if the run kept an average, else those of the last step.
    #[default]
    Ema,
    /// Those of the last step.
    Raw,
}

/// What goes into a checkpoint.
pub struct CheckpointContents<'a, E = Experiment> {
    /// What it says of itself.
    pub header: &'a CheckpointHeader<E>,
    /// The words, if codes are words.
    pub prior: Option<&'a PriorGraph>,
    /// The language of captions, if they are read.
    pub language: Option<&'a Language>,
    /// The model.
    pub store: &'a nn::VarStore,
    /// The discriminator, if there is one.
    pub adversary: Option<&'a Adversary>,
    /// The optimizers by name.
    pub optimizers: &'a [(&'a str, &'a Adam)],
    /// The average of the weights, and the optimizer that has the same parameters.
    pub average: Option<(&'a WeightAverage, &'a Adam)>,
    /// How often each code was chosen in the window of the usage alarm, `[K]`, `Int64`.
    pub usage: Option<&'a Tensor>,
}

/// A checkpoint of a tokenizer's run, in memory.
pub type Checkpoint = CheckpointFile<Experiment>;

/// A checkpoint in memory.
///
/// The file is in the safetensors format:
///
/// ```text
/// metadata                    format, version, header (JSON of CheckpointHeader)
/// model.*                     F32, the tokenizer's parameters and buffers
/// ema.*                       F32, the average of the parameters; only if the run keeps one
/// adversary.*                 F32, the discriminator's parameters and buffers, and averages of its logits
/// optimizer.NAME.first.*      F32, and optimizer.NAME.second.*, the moments of an optimizer
/// usage                       I64, [K], counts of the usage alarm's window; only if there is an alarm
/// language                    U8, a whole language file: tokenizer, tokens, embeddings; only if captions are read
/// prior                       U8, a whole prior.safetensors: words, embeddings, edges; only if codes are words
/// ```
///
/// Of version 1, which had one optimizer and no average, the run goes on as it would have with that version.
/// The state of randomness follows from seed and position.
#[derive(Debug)]
pub struct CheckpointFile<E> {
    path: PathBuf,
    header: CheckpointHeader<E>,
    migration: Migration,
    bytes: Vec<u8>,
    metadata: Metadata,
    /// Where the tensors begin in `bytes`.
    start: usize,
}

impl<E: Trained> CheckpointFile<E> {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be read; [`TrainError::Checkpoint`] if it is cut short, of another format or of
    /// a version that is not known.
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
        let format = E::FORMAT;
        if fact("format") != format {
            return Err(refuse(&format!("format `{format}`"), format!("`{}`", fact("format"))));
        }
        let Some(migration) = Migration::from_version::<E>(fact("version")) else {
            let older = if E::FROM_VERSION_1 { "1 or " } else { "" };
            return Err(refuse(&format!("version {older}{VERSION}"), fact("version").to_owned()));
        };
        let header = migration
            .header(fact("header"))
            .map_err(|error| refuse("a header of the version that it names", error.to_string()))?;
        let start = size_of::<u64>() + header_length;
        Ok(Self { path: path.to_path_buf(), header, migration, start, bytes, metadata })
    }

    /// Writes a checkpoint; whatever goes wrong, an older one at `path` stays whole.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be written.
    pub fn save(path: &Path, contents: &CheckpointContents<'_, E>) -> Result<(), TrainError> {
        Self::save_through(path, contents, Write::write_all)
    }

    /// As [`Checkpoint::save`], by a `write` that may fail half way.
    fn save_through(
        path: &Path,
        contents: &CheckpointContents<'_, E>,
        write: impl FnOnce(&mut File, &[u8]) -> std::io::Result<()>,
    ) -> Result<(), TrainError> {
        let bytes = contents.encode(path)?;
        write_atomically(path, |file| write(file, &bytes))
    }

    /// What the checkpoint says of itself.
    pub fn header(&self) -> &CheckpointHeader<E> {
        &self.header
    }

    /// Names the tokenizer that made ids: SHA-256 of the file in hexadecimal; of the file and the word `raw` where raw
    /// weights are used though there are averaged ones, since that is another tokenizer.
    pub fn sha256(&self, weights: Weights) -> String {
        let mut hash = Sha256::new_with_prefix(&self.bytes);
        if weights == Weights::Raw && self.header.averaged {
            hash.update("raw");
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The words, if codes are words.
    ///
    /// # Errors
    /// [`TrainError::Prior`] if they are damaged.
    pub fn prior(&self) -> Result<Option<PriorGraph>, TrainError> {
        self.bytes_of("prior").map(|bytes| Ok(PriorGraph::from_bytes(bytes)?)).transpose()
    }

    /// The language of captions, if they are read.
    ///
    /// # Errors
    /// [`TrainError::Caption`] if it is damaged.
    pub fn language(&self) -> Result<Option<Language>, TrainError> {
        let file = format!("language of {}", self.path.display());
        self.bytes_of("language").map(|bytes| Ok(Language::from_bytes(&file, bytes)?)).transpose()
    }

    /// Copies the saved parameters into those of `store` that are registered so far.
    pub(crate) fn restore_model(&self, store: &nn::VarStore, weights: Weights) -> Result<(), TrainError> {
        self.restore_some(store.variables(), weights)
    }

    /// Copies the saved parameters of these names.
    pub(crate) fn restore_some(
        &self,
        variables: impl IntoIterator<Item = (String, Tensor)>,
        weights: Weights,
    ) -> Result<(), TrainError> {
        let averaged = self.header.averaged && weights == Weights::Ema;
        for (name, mut variable) in variables {
            // Only what is trained is averaged.
            let learned = variable.requires_grad() && self.header.experiment.learns(&name);
            let kind = if averaged && learned { "ema" } else { "model" };
            let saved = self.tensor(&format!("{kind}.{name}"), Kind::Float, &variable.size())?;
            tch::no_grad(|| variable.copy_(&saved));
        }
        Ok(())
    }

    /// Takes over an optimizer's moments.
    pub(crate) fn restore_optimizer(&self, name: &str, adam: &mut Adam) -> Result<(), TrainError> {
        let steps = self.header.optimizer_steps.get(name).copied().ok_or_else(|| TrainError::Checkpoint {
            path: self.path.clone(),
            expected: format!("an optimizer `{name}`"),
            got: format!("{:?}", self.header.optimizer_steps.keys().collect::<Vec<_>>()),
        })?;
        adam.restore(steps, |moment, shape| self.tensor(&self.migration.moment(name, moment), Kind::Float, shape))
    }

    /// Takes over the discriminator.
    pub(crate) fn restore_adversary(&self, adversary: &mut Adversary) -> Result<(), TrainError> {
        adversary.restore(|name, shape| self.tensor(&format!("adversary.{name}"), Kind::Float, shape))
    }

    /// Takes over the average of the weights.
    pub(crate) fn restore_average(&self, average: &mut WeightAverage, adam: &Adam) -> Result<(), TrainError> {
        average.restore(adam, |name, shape| self.tensor(&format!("ema.{name}"), Kind::Float, shape))
    }

    /// Counts of the usage alarm's window, `[K]`, if they were saved.
    pub(crate) fn usage(&self, codes: i64) -> Result<Option<Tensor>, TrainError> {
        self.metadata.info("usage").map(|_| self.tensor("usage", Kind::Int64, &[codes])).transpose()
    }

    fn tensor(&self, name: &str, kind: Kind, shape: &[i64]) -> Result<Tensor, TrainError> {
        let dtype = dtype_of(kind);
        let refuse = |got: String| TrainError::Checkpoint {
            path: self.path.clone(),
            expected: format!("tensor `{name}`, {dtype:?} {shape:?}"),
            got,
        };
        let info = self.metadata.info(name).ok_or_else(|| refuse("none".into()))?;
        let found: Vec<i64> = info.shape.iter().map(|&side| side as i64).collect();
        if info.dtype != dtype || found != shape {
            return Err(refuse(format!("{:?} {found:?}", info.dtype)));
        }
        let bytes = self.bytes_of(name).ok_or_else(|| refuse("none".into()))?;
        Ok(Tensor::f_from_data_size(bytes, shape, kind)?)
    }

    fn bytes_of(&self, name: &str) -> Option<&[u8]> {
        let (from, to) = self.metadata.info(name)?.data_offsets;
        self.bytes.get(self.start + from..self.start + to)
    }
}

impl<E: Trained> CheckpointContents<'_, E> {
    fn encode(&self, path: &Path) -> Result<Vec<u8>, TrainError> {
        let encode = |error: &dyn std::fmt::Display| TrainError::Checkpoint {
            path: path.to_path_buf(),
            expected: "tensors that can be encoded".into(),
            got: error.to_string(),
        };
        let mut entries = BTreeMap::new();
        for (name, tensor) in self.store.variables() {
            entries.insert(format!("model.{name}"), Entry::float(&tensor));
        }
        for (name, tensor) in self.adversary.map(Adversary::state).unwrap_or_default() {
            entries.insert(format!("adversary.{name}"), Entry::float(&tensor));
        }
        for (optimizer, adam) in self.optimizers {
            for (name, tensor) in adam.state() {
                entries.insert(format!("optimizer.{optimizer}.{name}"), Entry::float(&tensor));
            }
        }
        for (name, tensor) in self.average.map(|(average, adam)| average.state(adam)).unwrap_or_default() {
            entries.insert(format!("ema.{name}"), Entry::float(&tensor));
        }
        if let Some(counts) = self.usage {
            entries.insert("usage".into(), Entry::of(counts, Kind::Int64));
        }
        if let Some(language) = self.language {
            let bytes = language.to_bytes()?;
            entries.insert("language".into(), Entry::Bytes { shape: [bytes.len()], bytes });
        }
        if let Some(prior) = self.prior {
            let bytes = prior.to_bytes()?;
            entries.insert("prior".into(), Entry::Bytes { shape: [bytes.len()], bytes });
        }
        let header = serde_json::to_string(self.header).map_err(|error| encode(&error))?;
        let facts = [("format", E::FORMAT.to_owned()), ("version", VERSION.to_owned()), ("header", header)];
        let facts: HashMap<String, String> = facts.map(|(key, value)| (key.to_owned(), value)).into();
        safetensors::serialize(entries, Some(facts)).map_err(|error| encode(&error))
    }
}

/// A tensor to be written, which becomes bytes only when its turn comes.
enum Entry {
    Tensor { kind: Kind, shape: Vec<usize>, tensor: Tensor },
    Bytes { shape: [usize; 1], bytes: Vec<u8> },
}

impl Entry {
    fn float(tensor: &Tensor) -> Self {
        Self::of(tensor, Kind::Float)
    }

    fn of(tensor: &Tensor, kind: Kind) -> Self {
        let shape = tensor.size().iter().map(|&side| side as usize).collect();
        Self::Tensor { kind, shape, tensor: tensor.detach() }
    }
}

impl View for Entry {
    fn dtype(&self) -> Dtype {
        match self {
            Self::Tensor { kind, .. } => dtype_of(*kind),
            Self::Bytes { .. } => Dtype::U8,
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Self::Tensor { shape, .. } => shape,
            Self::Bytes { shape, .. } => shape,
        }
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Tensor { kind, tensor, .. } => {
                let tensor = tensor.to_device(tch::Device::Cpu).to_kind(*kind).contiguous();
                let mut bytes = vec![0; self.data_len()];
                tensor.copy_data_u8(&mut bytes, tensor.numel());
                bytes.into()
            }
            Self::Bytes { bytes, .. } => bytes.into(),
        }
    }

    fn data_len(&self) -> usize {
        match self {
            Self::Tensor { kind, tensor, .. } => tensor.numel() * kind.elt_size_in_bytes(),
            Self::Bytes { bytes, .. } => bytes.len(),
        }
    }
}

/// Of the two kinds that are saved.
fn dtype_of(kind: Kind) -> Dtype {
    if kind == Kind::Int64 { Dtype::I64 } else { Dtype::F32 }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use tch::Device;

    use super::*;

    /// Writes so many bytes, then fails as a full disk does.
    fn fail_after(many: usize) -> impl FnOnce(&mut File, &[u8]) -> std::io::Result<()> {
        move |file, bytes| {
            file.write_all(&bytes[..many.min(bytes.len())])?;
            if many < bytes.len() { Err(Error::from(ErrorKind::StorageFull)) } else { Ok(()) }
        }
    }

    /// The device that is always full, where there is one.
    fn full_device(_file: &mut File, bytes: &[u8]) -> std::io::Result<()> {
        match File::options().write(true).open("/dev/full") {
            Ok(mut full) => full.write_all(bytes),
            Err(_) => Err(Error::from(ErrorKind::StorageFull)),
        }
    }

    #[test]
    fn a_full_disk_leaves_the_checkpoint_before_whole() {
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let path = folder.path().join("checkpoint.safetensors");
        let experiment = crate::ExperimentFile { path: "../../configs/emoji-vq.toml".into(), overrides: Vec::new() };
        let header = CheckpointHeader::fresh(experiment.load().expect("a configuration of the repository"));
        let store = nn::VarStore::new(Device::Cpu);
        let mut parameter = store.root().ones("weight", &[100]);
        let contents = |header| CheckpointContents {
            header,
            prior: None,
            language: None,
            store: &store,
            adversary: None,
            optimizers: &[],
            average: None,
            usage: None,
        };
        Checkpoint::save(&path, &contents(&header)).expect("room enough");
        let before = std::fs::read(&path).expect("the checkpoint");
        let header = CheckpointHeader { step: 1, ..header.clone() };
        let _ = tch::no_grad(|| parameter.fill_(2.0));
        for many in [0, 1, 8, before.len() / 2, before.len() - 1] {
            let error = Checkpoint::save_through(&path, &contents(&header), fail_after(many)).expect_err("no room");
            assert!(error.to_string().contains("checkpoint.safetensors"), "{error}");
            assert_eq!(std::fs::read(&path).expect("the checkpoint"), before);
        }
        Checkpoint::save_through(&path, &contents(&header), full_device).expect_err("no room");
        assert_eq!(std::fs::read(&path).expect("the checkpoint"), before);
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "something was left behind");
        Checkpoint::save_through(&path, &contents(&header), fail_after(usize::MAX)).expect("room again");
        assert_eq!(Checkpoint::open(&path).expect("whole").header().step, 1);
    }
}
