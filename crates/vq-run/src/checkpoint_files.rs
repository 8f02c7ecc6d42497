//! The checkpoints of a run folder: the last few, the newest, the best.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use vq_file::{FileError, write_atomically};

use crate::{RunDir, RunError};

/// Whether a checkpoint is the best so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// It becomes `best.safetensors`.
    Best,
    /// It does not.
    Ordinary,
}

/// Saves the checkpoint of `step` by `write`, which is given the path of its file and replaces it whole or not at all.
///
/// Afterwards `checkpoint.safetensors` names this file, and `best.safetensors` does if it is the best.
/// All but the last `keep` checkpoints are removed, and so are those of later steps, which a rollback or a crash has
/// undone.
/// At every moment, the existing names name whole files.
///
/// # Errors
/// Those of `write`; [`RunError::File`] converted, if a file cannot be named or removed.
pub fn save_checkpoint<E: From<RunError>>(
    run: &RunDir,
    step: u64,
    rank: Rank,
    keep: usize,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let folder = run.checkpoints();
    fs::create_dir_all(&folder).map_err(FileError::io("make folder", &folder)).map_err(RunError::from)?;
    let path = run.step_checkpoint(step);
    write(&path)?;
    publish(run, step, rank, keep, &path)?;
    Ok(())
}

fn publish(run: &RunDir, step: u64, rank: Rank, keep: usize, path: &Path) -> Result<(), RunError> {
    give_name(path, &run.checkpoint())?;
    if rank == Rank::Best {
        give_name(path, &run.best())?;
    }
    let steps = saved_steps(run)?;
    let past: Vec<u64> = steps.iter().copied().filter(|&saved| saved <= step).collect();
    let kept = &past[past.len().saturating_sub(keep)..];
    for dropped in steps.iter().filter(|saved| !kept.contains(saved)) {
        let path = run.step_checkpoint(*dropped);
        fs::remove_file(&path).map_err(FileError::io("remove", &path))?;
    }
    Ok(())
}

/// The steps that have a checkpoint, in ascending order.
///
/// # Errors
/// [`RunError::File`] if the folder cannot be read.
pub fn saved_steps(run: &RunDir) -> Result<Vec<u64>, RunError> {
    let folder = run.checkpoints();
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(FileError::io("read folder", &folder))?,
    };
    let mut steps = Vec::new();
    for entry in entries {
        let entry = entry.map_err(FileError::io("read folder", &folder))?;
        steps.extend(RunDir::step_of(&entry.file_name()));
    }
    steps.sort_unstable();
    Ok(steps)
}

/// Gives a file a second name in one move, replacing the file of that name.
///
/// On a file system without hard links the name gets a copy.
fn give_name(file: &Path, name: &Path) -> Result<(), RunError> {
    let new: PathBuf = name.with_extension("new");
    remove_if_there(&new)?;
    match fs::hard_link(file, &new) {
        Ok(()) => {
            fs::rename(&new, name).map_err(FileError::io("replace", name))?;
            remove_if_there(&new) // if both names were one file already, the move does nothing
        }
        Err(_) => {
            let bytes = fs::read(file).map_err(FileError::io("read", file))?;
            Ok(write_atomically(name, |copy| copy.write_all(&bytes))?)
        }
    }
}

fn remove_if_there(path: &Path) -> Result<(), RunError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileError::io("remove", path)(error).into()),
        _ => Ok(()),
    }
}
