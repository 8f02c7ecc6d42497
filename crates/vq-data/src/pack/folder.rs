//! A folder that appears only when it is complete.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::DataError;

/// A new folder that is built under another name and renamed when it is complete.
///
/// A drop before that removes it with its contents.
pub(super) struct NewFolder {
    out: PathBuf,
    partial: PathBuf,
    complete: bool,
}

impl NewFolder {
    /// Creates `OUT.partial`, and the folders above it.
    ///
    /// # Errors
    ///
    /// If `out` or its partial folder exists already, or cannot be created.
    pub(super) fn create(out: &Path) -> Result<Self, DataError> {
        let op = || format!("pack into {}", out.display());
        let Some(name) = out.file_name() else {
            return Err(DataError::unexpected(op(), "the name of a new folder", "no name"));
        };
        let mut partial = name.to_owned();
        partial.push(".partial");
        let partial = out.with_file_name(partial);
        refuse_existing(out)?;
        if let Some(parent) = out.parent() {
            fs::create_dir_all(parent).map_err(|source| DataError::Write { path: parent.to_owned(), source })?;
        }
        match fs::create_dir(&partial) {
            Ok(()) => Ok(Self { out: out.to_owned(), partial, complete: false }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let got = format!("{}, of a run that was killed or still runs", partial.display());
                Err(DataError::unexpected(op(), "no unfinished shards; remove them if no other run writes them", got))
            }
            Err(source) => Err(DataError::Write { path: partial, source }),
        }
    }

    /// The folder to write to.
    pub(super) fn path(&self) -> &Path {
        &self.partial
    }

    /// Renames the folder to its final name.
    pub(super) fn finish(mut self) -> Result<(), DataError> {
        // The rename would replace an existing empty folder.
        refuse_existing(&self.out)?;
        let rename = || {
            File::open(&self.partial)?.sync_all()?;
            fs::rename(&self.partial, &self.out)
        };
        rename().map_err(|source| DataError::Write { path: self.out.clone(), source })?;
        self.complete = true;
        Ok(())
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.complete {
            // The error that caused the drop is the one to report. The next run refuses a folder that stays, by name.
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

fn refuse_existing(out: &Path) -> Result<(), DataError> {
    match out.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(DataError::Write { path: out.to_owned(), source }),
        Ok(_) => {
            let op = format!("pack into {}", out.display());
            Err(DataError::unexpected(op, "a new folder", "something that exists already"))
        }
    }
}
