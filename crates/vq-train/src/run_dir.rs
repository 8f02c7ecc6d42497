//! The folder of one run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::TrainError;
use crate::run_lock::RunLock;

const STEP_PREFIX: &str = "step-";
const STEP_SUFFIX: &str = ".safetensors";

/// A folder that belongs to one run:
///
/// ```text
/// config.toml               the experiment, as merged
/// metrics.jsonl             one record per line
/// checkpoint.safetensors    the last one, also while it is being replaced
/// best.safetensors          the one with the best validation
/// checkpoints/step-000200.safetensors    the last few, which these two are further names of
/// grids/step-000200.png     originals above reconstructions
/// captions/step-000200.jsonl    what was said of them, if captions are read
/// lock                      locked while a run is going on
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Makes a folder of its own for a run: `<parent>/<name>-001`, or the next number that is free.
    ///
    /// # Errors
    /// [`TrainError::Io`] if it cannot be made.
    pub fn numbered(parent: &Path, name: &str) -> Result<Self, TrainError> {
        fs::create_dir_all(parent).map_err(TrainError::io("make folder", parent))?;
        for number in 1_u32.. {
            match Self::exact(&parent.join(format!("{name}-{number:03}"))) {
                Err(TrainError::RunExists { .. }) => {}
                made_or_failed => return made_or_failed,
            }
        }
        unreachable!("there are fewer than 2^32 folders")
    }

    /// Makes exactly this folder.
    ///
    /// # Errors
    /// [`TrainError::RunExists`] if it is there already, [`TrainError::Io`] if it cannot be made.
    pub fn exact(path: &Path) -> Result<Self, TrainError> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(TrainError::io("make folder", parent))?;
        }
        match fs::create_dir(path) {
            Ok(()) => Ok(Self { path: path.to_path_buf() }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(TrainError::RunExists { path: path.to_path_buf() })
            }
            Err(error) => Err(TrainError::io("make folder", path)(error)),
        }
    }

    /// The folder of a run that was begun before.
    pub fn existing(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `config.toml`.
    pub fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// `metrics.jsonl`.
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// `checkpoint.safetensors`.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint.safetensors")
    }

    /// `best.safetensors`.
    pub fn best(&self) -> PathBuf {
        self.path.join("best.safetensors")
    }

    /// `checkpoints`.
    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// The checkpoint of a step, if it is still kept.
    pub fn step_checkpoint(&self, step: u64) -> PathBuf {
        self.checkpoints().join(format!("{STEP_PREFIX}{step:06}{STEP_SUFFIX}"))
    }

    /// The step that a file of `checkpoints` is of, if it is one.
    pub(crate) fn step_of(file_name: &OsStr) -> Option<u64> {
        file_name.to_str()?.strip_prefix(STEP_PREFIX)?.strip_suffix(STEP_SUFFIX)?.parse().ok()
    }

    /// The right to train into the folder.
    ///
    /// # Errors
    /// [`TrainError::RunLocked`] if a run has it, [`TrainError::Io`] if the folder cannot be written.
    pub(crate) fn lock(&self) -> Result<RunLock, TrainError> {
        RunLock::take(&self.lock_file(), &self.path)
    }

    /// `lock`.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// What was said of the grid's images at a step, if captions are read.
    pub fn told(&self, step: u64) -> PathBuf {
        self.path.join("captions").join(format!("step-{step:06}.jsonl"))
    }

    /// The grid of reconstructions at a step.
    pub fn grid(&self, step: u64) -> PathBuf {
        self.path.join("grids").join(format!("step-{step:06}.png"))
    }
}
