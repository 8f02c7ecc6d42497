//! The checkpoints of a run folder: the last few, the newest, the best.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::atomic_file::write_atomically;
use crate::checkpoint::CheckpointContents;
use crate::checkpoint_header::Trained;
use crate::{CheckpointFile, RunDir, TrainError};

/// Whether a checkpoint is the best so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    Best,
    Ordinary,
}

/// Saves a checkpoint under its step, then lets `checkpoint.safetensors` name it, and `best.safetensors` if it is the
/// best; then drops all but the last `keep`, and those of a future that a rollback or a crash has undone.
///
/// At every moment the names that there are name whole files.
pub(crate) fn save<E: Trained>(
    run: &RunDir,
    contents: &CheckpointContents<'_, E>,
    rank: Rank,
    keep: usize,
) -> Result<(), TrainError> {
    let step = contents.header.step;
    let folder = run.checkpoints();
    fs::create_dir_all(&folder).map_err(TrainError::io("make folder", &folder))?;
    let path = run.step_checkpoint(step);
    CheckpointFile::save(&path, contents)?;
    give_name(&path, &run.checkpoint())?;
    if rank == Rank::Best {
        give_name(&path, &run.best())?;
    }
    let steps = steps(run)?;
    let past: Vec<u64> = steps.iter().copied().filter(|&saved| saved <= step).collect();
    let kept = &past[past.len().saturating_sub(keep)..];
    for dropped in steps.iter().filter(|saved| !kept.contains(saved)) {
        let path = run.step_checkpoint(*dropped);
        fs::remove_file(&path).map_err(TrainError::io("remove", &path))?;
    }
    Ok(())
}

/// The newest checkpoint at or before `step` at which no step had just been skipped.
pub(crate) fn last_good<E: Trained>(run: &RunDir, step: u64) -> Result<Option<CheckpointFile<E>>, TrainError> {
    for saved in steps(run)?.into_iter().rev().filter(|&saved| saved <= step) {
        let checkpoint = CheckpointFile::<E>::open(&run.step_checkpoint(saved))?;
        if checkpoint.header().guards.skipped_in_a_row == 0 {
            return Ok(Some(checkpoint));
        }
    }
    Ok(None)
}

/// The steps that have a checkpoint, in order.
fn steps(run: &RunDir) -> Result<Vec<u64>, TrainError> {
    let folder = run.checkpoints();
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(TrainError::io("read folder", &folder))?,
    };
    let mut steps = Vec::new();
    for entry in entries {
        let entry = entry.map_err(TrainError::io("read folder", &folder))?;
        steps.extend(RunDir::step_of(&entry.file_name()));
    }
    steps.sort_unstable();
    Ok(steps)
}

/// Gives a file a second name in one move, in place of what had that name.
///
/// Where the file system has no hard links, the name gets a copy.
fn give_name(file: &Path, name: &Path) -> Result<(), TrainError> {
    let new: PathBuf = name.with_extension("new");
    remove_if_there(&new)?;
    match fs::hard_link(file, &new) {
        Ok(()) => {
            fs::rename(&new, name).map_err(TrainError::io("replace", name))?;
            remove_if_there(&new) // where both names were one file already, the move does nothing
        }
        Err(_) => {
            let bytes = fs::read(file).map_err(TrainError::io("read", file))?;
            write_atomically(name, |copy| copy.write_all(&bytes))
        }
    }
}

fn remove_if_there(path: &Path) -> Result<(), TrainError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(TrainError::io("remove", path)(error)),
        _ => Ok(()),
    }
}
