use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::DataError;

/// A new folder that has another name until it is whole.
///
/// Dropped before that, it is removed with all that is in it.
pub(super) struct NewFolder {
    out: PathBuf,
    partial: PathBuf,
    whole: bool,
}

impl NewFolder {
    /// Makes `OUT.partial`, and the folders above it.
    ///
    /// # Errors
    ///
    /// If `out` or its partial folder is there already, or cannot be made.
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
            Ok(()) => Ok(Self { out: out.to_owned(), partial, whole: false }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let got = format!("{}, of a run that was killed or is still going on", partial.display());
                Err(DataError::unexpected(op(), "no unfinished shards; remove them if no run is going on", got))
            }
            Err(source) => Err(DataError::Write { path: partial, source }),
        }
    }

    /// The folder to write to.
    pub(super) fn path(&self) -> &Path {
        &self.partial
    }

    /// Gives the folder its name.
    pub(super) fn finish(mut self) -> Result<(), DataError> {
        // A folder that is there and empty would be replaced.
        refuse_existing(&self.out)?;
        let rename = || {
            File::open(&self.partial)?.sync_all()?;
            fs::rename(&self.partial, &self.out)
        };
        rename().map_err(|source| DataError::Write { path: self.out.clone(), source })?;
        self.whole = true;
        Ok(())
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.whole {
            // The error at hand is the one to report; what stays is refused by the next run, by name.
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
            Err(DataError::unexpected(op, "a new folder", "something that is there already"))
        }
    }
}
