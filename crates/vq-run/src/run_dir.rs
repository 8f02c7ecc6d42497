//! The folder of one run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use vq_file::FileError;

use crate::{RunError, RunLock};

const STEP_PREFIX: &str = "step-";
const STEP_SUFFIX: &str = ".safetensors";

/// The folder of one run:
///
/// ```text
/// config.toml               the experiment, as merged
/// metrics.jsonl             one record per line
/// sessions.jsonl            when, where and with what it was trained
/// checkpoint.safetensors    the last checkpoint
/// best.safetensors          the checkpoint with the best validation
/// checkpoints/step-000200.safetensors    the last few checkpoints; the two above are further names of two of them
/// grids/step-000200.png     originals above reconstructions
/// captions/step-000200.jsonl    generated captions of the images of the grid
/// report.html               curves, grids and events
/// lock                      locked while a process trains in the folder
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Creates a folder for a new run: `<parent>/<name>-001`, or the next free number.
    ///
    /// # Errors
    /// [`RunError::File`] if it cannot be created.
    pub fn numbered(parent: &Path, name: &str) -> Result<Self, RunError> {
        fs::create_dir_all(parent).map_err(FileError::io("make folder", parent))?;
        for number in 1_u32.. {
            match Self::exact(&parent.join(format!("{name}-{number:03}"))) {
                Err(RunError::Exists { .. }) => {}
                made_or_failed => return made_or_failed,
            }
        }
        unreachable!("there are fewer than 2^32 folders")
    }

    /// Creates exactly this folder.
    ///
    /// # Errors
    /// [`RunError::Exists`] if it exists already, [`RunError::File`] if it cannot be created.
    pub fn exact(path: &Path) -> Result<Self, RunError> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(FileError::io("make folder", parent))?;
        }
        match fs::create_dir(path) {
            Ok(()) => Ok(Self { path: path.to_path_buf() }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(RunError::Exists { path: path.to_path_buf() })
            }
            Err(error) => Err(FileError::io("make folder", path)(error).into()),
        }
    }

    /// The folder of an existing run; nothing is read.
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

    /// `sessions.jsonl`.
    pub fn sessions(&self) -> PathBuf {
        self.path.join("sessions.jsonl")
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
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// The checkpoint of a step, which may have been dropped since.
    pub fn step_checkpoint(&self, step: u64) -> PathBuf {
        self.checkpoints().join(format!("{STEP_PREFIX}{step:06}{STEP_SUFFIX}"))
    }

    /// The step of a file of `checkpoints`, if it is a checkpoint.
    pub(crate) fn step_of(file_name: &OsStr) -> Option<u64> {
        file_name.to_str()?.strip_prefix(STEP_PREFIX)?.strip_suffix(STEP_SUFFIX)?.parse().ok()
    }

    /// Locks the folder for training.
    ///
    /// # Errors
    /// [`RunError::Locked`] if another process has the lock, [`RunError::File`] if the folder cannot be written.
    pub fn lock(&self) -> Result<RunLock, RunError> {
        RunLock::acquire(&self.lock_file(), &self.path)
    }

    /// `lock`.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// The generated captions of the grid's images at a step, if the run has captions.
    pub fn captions(&self, step: u64) -> PathBuf {
        self.path.join("captions").join(format!("step-{step:06}.jsonl"))
    }

    /// The grid of images at a step.
    pub fn grid(&self, step: u64) -> PathBuf {
        self.path.join("grids").join(format!("step-{step:06}.png"))
    }
}

/// The checkpoint that a path names: the last one of a run folder, or the file itself.
pub fn checkpoint_path(run_or_file: &Path) -> PathBuf {
    match run_or_file.is_dir() {
        true => RunDir::existing(run_or_file).checkpoint(),
        false => run_or_file.to_path_buf(),
    }
}
