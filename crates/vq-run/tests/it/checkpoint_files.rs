//! Names of the checkpoints of a run folder.

use std::path::Path;

use tempfile::TempDir;
use vq_file::FileError;
use vq_run::{Rank, RunDir, RunError, save_checkpoint, saved_steps};

/// Saves a file that holds its step.
fn save(run: &RunDir, step: u64, rank: Rank, keep: usize) {
    let write = |path: &Path| std::fs::write(path, step.to_string()).map_err(FileError::io("write", path));
    save_checkpoint(run, step, rank, keep, |path| write(path).map_err(RunError::from)).unwrap();
}

fn content(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn newest_checkpoints_and_the_best_one_are_kept() {
    let folder = TempDir::new().unwrap();
    let run = RunDir::existing(folder.path());
    assert_eq!(saved_steps(&run).unwrap(), [0; 0]);
    save(&run, 2, Rank::Best, 2);
    save(&run, 4, Rank::Ordinary, 2);
    save(&run, 6, Rank::Ordinary, 2);
    assert_eq!(saved_steps(&run).unwrap(), [4, 6]);
    assert_eq!((content(&run.checkpoint()), content(&run.best())), ("6".into(), "2".into()));
}

#[test]
fn saving_an_earlier_step_removes_the_later_ones() {
    let folder = TempDir::new().unwrap();
    let run = RunDir::existing(folder.path());
    for step in [2, 4, 6] {
        save(&run, step, Rank::Ordinary, 3);
    }
    save(&run, 4, Rank::Ordinary, 3);
    assert_eq!(saved_steps(&run).unwrap(), [2, 4]);
    assert_eq!(content(&run.checkpoint()), "4");
}

#[test]
fn failed_write_leaves_the_last_checkpoint() {
    let folder = TempDir::new().unwrap();
    let run = RunDir::existing(folder.path());
    save(&run, 2, Rank::Ordinary, 1);
    let full = |path: &Path| Err(RunError::from(FileError::io("write", path)(std::io::Error::other("no space"))));
    let error = save_checkpoint(&run, 4, Rank::Best, 1, full).unwrap_err().to_string();
    assert!(error.contains("step-000004.safetensors: no space"), "{error}");
    assert_eq!((saved_steps(&run).unwrap(), content(&run.checkpoint())), (vec![2], "2".into()));
    assert!(!run.best().exists());
}
