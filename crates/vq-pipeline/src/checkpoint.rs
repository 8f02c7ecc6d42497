//! Checkpoints: all that a run needs to continue, and all that a model needs to be used, in one file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use codebook_prior::PriorGraph;
use sha2::{Digest, Sha256};
use tch::{Kind, Tensor, nn};
use vlt_caption::Language;
use vq_experiment::{Experiment, Weights};
use vq_file::{FileError, TensorFile, encode_tensors, header_json, hex, write_atomically};
use vq_run::checkpoint_path;

use crate::PipelineError;
use crate::checkpoint_header::{CheckpointHeader, Migration, Trained, VERSION};
use crate::tensors::{Entry, tensor_of};

const WHAT: &str = "checkpoint";

/// The content of a checkpoint to be written.
pub struct CheckpointContents<'a, E> {
    /// The header.
    pub header: CheckpointHeader<E>,
    /// The words, if codes are words.
    pub prior: Option<&'a PriorGraph>,
    /// The language of captions, if there is one.
    pub language: Option<&'a Language>,
    /// Tensors by their names in the file, `Int64` or else written as `F32`.
    pub tensors: Vec<(String, Tensor)>,
}

/// A checkpoint of a tokenizer's run.
pub type Checkpoint = CheckpointFile<Experiment>;

/// A checkpoint in memory.
///
/// The file is in the safetensors format:
///
/// ```text
/// metadata                    format, version, header (JSON of CheckpointHeader)
/// model.*                     F32, the model's parameters and buffers
/// ema.*                       F32, the average of the parameters; only if the run keeps one
/// adversary.*                 F32, the discriminator's parameters and buffers, and averages of its logits
/// optimizer.NAME.first.*      F32, and optimizer.NAME.second.*, the moments of an optimizer
/// usage                       I64, [K], counts of the usage alarm's window; only if there is an alarm
/// language                    U8, a whole language file: tokenizer, tokens, embeddings; only with captions or texts
/// prior                       U8, a whole prior.safetensors: words, embeddings, edges; only if codes are words
/// ```
///
/// A run with a checkpoint of version 1, which had one optimizer and no average, continues as it would have with that
/// version. The state of random numbers follows from seed and position.
#[derive(Debug)]
pub struct CheckpointFile<E> {
    path: PathBuf,
    file: TensorFile,
    header: CheckpointHeader<E>,
    migration: Migration,
}

impl<E: Trained> CheckpointFile<E> {
    /// Reads and checks a checkpoint: a file, or the last checkpoint of a run folder.
    ///
    /// # Errors
    /// [`PipelineError::File`] if it cannot be read, is cut short, of another format or of an unknown version.
    pub fn open(run_or_file: &Path) -> Result<Self, PipelineError> {
        let path = checkpoint_path(run_or_file);
        let bytes = std::fs::read(&path).map_err(FileError::io("read checkpoint", &path))?;
        let file = TensorFile::from_bytes(WHAT, path.display().to_string(), bytes)?;
        let entry = |key: &str| file.entry(key).unwrap_or("nothing");
        if entry("format") != E::FORMAT {
            return Err(file.error(format!("format `{}`", E::FORMAT), format!("`{}`", entry("format"))).into());
        }
        let Some(migration) = Migration::from_version::<E>(entry("version")) else {
            let older = if E::FROM_VERSION_1 { "1 or " } else { "" };
            return Err(file.error(format!("version {older}{VERSION}"), entry("version")).into());
        };
        let header = migration
            .header(entry("header"), file.name())
            .map_err(|error| file.error("a header of its version", error))?;
        Ok(Self { path, header, migration, file })
    }

    /// Writes a checkpoint; if anything fails, an older one at `path` stays unchanged.
    ///
    /// # Errors
    /// [`PipelineError::File`] if it cannot be written.
    pub fn save(path: &Path, contents: &CheckpointContents<'_, E>) -> Result<(), PipelineError> {
        Self::save_through(path, contents, Write::write_all)
    }

    /// As [`CheckpointFile::save`], by a `write` that may fail half way.
    fn save_through(
        path: &Path,
        contents: &CheckpointContents<'_, E>,
        write: impl FnOnce(&mut File, &[u8]) -> std::io::Result<()>,
    ) -> Result<(), PipelineError> {
        let bytes = contents.encode()?;
        Ok(write_atomically(path, |file| write(file, &bytes))?)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The header.
    pub fn header(&self) -> &CheckpointHeader<E> {
        &self.header
    }

    /// The identity of a model: SHA-256 of the file in hexadecimal; of the file and the word `raw` if raw weights are used
    /// though there are averaged ones, since that is another model.
    pub fn sha256(&self, weights: Weights) -> String {
        let mut hash = Sha256::new_with_prefix(self.file.bytes());
        if weights == Weights::Raw && self.header.averaged {
            hash.update("raw");
        }
        hex(&hash.finalize())
    }

    /// The words, if codes are words.
    ///
    /// # Errors
    /// [`PipelineError::Prior`] if they are damaged.
    pub fn prior(&self) -> Result<Option<PriorGraph>, PipelineError> {
        self.file.get("prior").map(|bytes| Ok(PriorGraph::from_bytes(bytes)?)).transpose()
    }

    /// The language of captions, if there is one.
    ///
    /// # Errors
    /// [`PipelineError::Caption`] if it is damaged.
    pub fn language(&self) -> Result<Option<Language>, PipelineError> {
        let name = format!("language of {}", self.path.display());
        self.file.get("language").map(|bytes| Ok(Language::from_bytes(&name, bytes)?)).transpose()
    }

    /// Copies the saved parameters into all variables of `store`.
    ///
    /// # Errors
    /// [`PipelineError::File`] naming the parameter that is missing or has another shape.
    pub fn restore(&self, store: &nn::VarStore, weights: Weights) -> Result<(), PipelineError> {
        self.restore_variables(store.variables(), weights)
    }

    /// Copies the saved parameters of these names.
    ///
    /// # Errors
    /// Those of [`CheckpointFile::restore`].
    pub fn restore_variables(
        &self,
        variables: impl IntoIterator<Item = (String, Tensor)>,
        weights: Weights,
    ) -> Result<(), PipelineError> {
        let averaged = self.header.averaged && weights == Weights::Ema;
        for (name, mut variable) in variables {
            // Only trained parameters are averaged.
            let trained = variable.requires_grad() && self.header.experiment.learns(&name);
            let part = if averaged && trained { "ema" } else { "model" };
            let saved = self.tensor(&format!("{part}.{name}"), Kind::Float, &variable.size())?;
            tch::no_grad(|| variable.copy_(&saved));
        }
        Ok(())
    }

    /// The steps that an optimizer has taken.
    ///
    /// # Errors
    /// [`PipelineError::File`] if the checkpoint has no such optimizer.
    pub fn optimizer_steps(&self, optimizer: &str) -> Result<u64, PipelineError> {
        let steps = &self.header.optimizer_steps;
        Ok(steps.get(optimizer).copied().ok_or_else(|| {
            self.file.error(format!("an optimizer `{optimizer}`"), format!("{:?}", steps.keys().collect::<Vec<_>>()))
        })?)
    }

    /// A moment of an optimizer, such as `first.decoder.conv_in.bias`.
    ///
    /// # Errors
    /// [`PipelineError::File`] if it is missing or has another shape.
    pub fn moment(&self, optimizer: &str, moment: &str, shape: &[i64]) -> Result<Tensor, PipelineError> {
        self.tensor(&self.migration.moment(optimizer, moment), Kind::Float, shape)
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.file.info(name).is_some()
    }

    /// A tensor, `Float` or `Int64`.
    ///
    /// # Errors
    /// [`PipelineError::File`] if it is missing or has another dtype or shape.
    pub fn tensor(&self, name: &str, kind: Kind, shape: &[i64]) -> Result<Tensor, PipelineError> {
        tensor_of(&self.file, name, kind, shape)
    }
}

impl<E: Trained> CheckpointContents<'_, E> {
    fn encode(&self) -> Result<Vec<u8>, PipelineError> {
        let mut entries: BTreeMap<String, Entry> =
            self.tensors.iter().map(|(name, tensor)| (name.clone(), Entry::tensor(tensor))).collect();
        if let Some(language) = self.language {
            entries.insert("language".into(), Entry::bytes(language.to_bytes()?));
        }
        if let Some(prior) = self.prior {
            entries.insert("prior".into(), Entry::bytes(prior.to_bytes()?));
        }
        let header = header_json(WHAT, &self.header)?;
        let metadata = [("format", E::FORMAT.to_owned()), ("version", VERSION.to_owned()), ("header", header)];
        encode_tensors(WHAT, entries, metadata).map_err(|error: FileError| error.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use vq_experiment::ExperimentFile;

    use super::*;

    /// Writes so many bytes, then fails as a full disk does.
    fn fail_after(many: usize) -> impl FnOnce(&mut File, &[u8]) -> std::io::Result<()> {
        move |file, bytes| {
            file.write_all(&bytes[..many.min(bytes.len())])?;
            if many < bytes.len() { Err(Error::from(ErrorKind::StorageFull)) } else { Ok(()) }
        }
    }

    /// The device that is always full, if there is one.
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
        let file = ExperimentFile { path: "../../configs/emoji-vq.toml".into(), overrides: Vec::new() };
        let experiment = file.load().expect("a configuration of the repository").experiment;
        let contents = |step, value| CheckpointContents {
            header: CheckpointHeader { step, ..CheckpointHeader::fresh(experiment.clone()) },
            prior: None,
            language: None,
            tensors: vec![("model.weight".into(), Tensor::full([100], value, (Kind::Float, tch::Device::Cpu)))],
        };
        Checkpoint::save(&path, &contents(0, 1.0)).expect("room enough");
        let before = std::fs::read(&path).expect("the checkpoint");
        let next = contents(1, 2.0);
        for many in [0, 1, 8, before.len() / 2, before.len() - 1] {
            let error = Checkpoint::save_through(&path, &next, fail_after(many)).expect_err("no room");
            assert!(error.to_string().contains("checkpoint.safetensors"), "{error}");
            assert_eq!(std::fs::read(&path).expect("the checkpoint"), before);
        }
        Checkpoint::save_through(&path, &next, full_device).expect_err("no room");
        assert_eq!(std::fs::read(&path).expect("the checkpoint"), before);
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "something was left behind");
        Checkpoint::save_through(&path, &next, fail_after(usize::MAX)).expect("room again");
        assert_eq!(Checkpoint::open(&path).expect("whole").header().step, 1);
    }
}
