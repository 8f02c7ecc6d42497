//! Folders of pinned Python wheels, installed whole or not at all.
//!
//! The wheels serve as archives with checked contents; nothing in them is run.
//! A folder carries its requirements as a stamp, so that other pins make it stale.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};

use crate::pip::Pip;
use crate::process;

/// Written into the folder when all else in it is in place.
const STAMP: &str = "installed.txt";

/// A set of wheels that makes up one folder.
pub(crate) struct Wheels {
    /// What the set is, for people.
    pub(crate) name: &'static str,
    /// Versions with their SHA-256, in pip's format.
    pub(crate) requirements: &'static str,
    /// Space taken at the height of an installation.
    pub(crate) needed_mib: u64,
    /// What else a user can do if it cannot be installed: the end of "..., or ...".
    pub(crate) otherwise: &'static str,
}

impl Wheels {
    /// Whether `folder` holds exactly these wheels.
    pub(crate) fn is_installed(&self, folder: &Path) -> bool {
        fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == self.requirements)
    }

    /// Installs the wheels into `folder` unless they are there; `finish` works on them before they appear.
    pub(crate) fn ensure(&self, folder: &Path, finish: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        if self.is_installed(folder) {
            return Ok(());
        }
        self.install(folder, finish)
            .map_err(|error| anyhow!("cannot install {}: {error:#}, or {}", self.name, self.otherwise))
    }

    fn install(&self, folder: &Path, finish: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let parent = folder.parent().context("the folder has no parent")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        let lock = lock(parent)?;
        if self.is_installed(folder) {
            return Ok(()); // by the process that held the lock before
        }
        let pip = Pip::find()?;
        let partial = partial(folder);
        remove(&partial)?; // left by an installation that was interrupted
        check_space(parent, self.needed_mib)?;

        println!("installing {} into {}", self.name, folder.display());
        let prepared = self.prepare(&pip, &partial, &lock, finish);
        if prepared.is_err() {
            remove(&partial).ok(); // a full disk should not stay so
        }
        prepared?;
        remove(folder)?; // stale
        fs::rename(&partial, folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(())
    }

    fn prepare(&self, pip: &Pip, partial: &Path, lock: &File, finish: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let temporary = partial.join("tmp");
        fs::create_dir_all(&temporary).with_context(|| format!("cannot create {}", temporary.display()))?;
        let requirements = temporary.join("requirements.txt");
        fs::write(&requirements, self.requirements)?;
        pip.install(&requirements, partial, &temporary, lock)?;
        remove(&temporary)?;
        finish(partial)?;
        fs::write(partial.join(STAMP), self.requirements)?;
        Ok(())
    }
}

/// The neighbour of `folder` that an installation is prepared in.
fn partial(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Waits until nobody else installs below `parent`.
fn lock(parent: &Path) -> Result<File> {
    let path = parent.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            println!("waiting for another installation to end");
            file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    Ok(file)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// An error if `folder` has too little space according to `df`; without `df`, pip reports it.
fn check_space(folder: &Path, needed_mib: u64) -> Result<()> {
    let Ok(table) = process::output(Command::new("df").arg("-Pk").arg(folder)) else {
        return Ok(());
    };
    let Some(free_mib) = free_mib(&table) else {
        return Ok(());
    };
    ensure!(
        free_mib >= needed_mib,
        "{} has {free_mib} MiB free: free {needed_mib} MiB there and run again",
        folder.display()
    );
    Ok(())
}

/// The fourth column of the last row of `df -Pk`, in MiB.
fn free_mib(table: &str) -> Option<u64> {
    let row = table.lines().nth(1)?;
    let kib: u64 = row.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_from_df() {
        let table = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                     /dev/vda 263174212 20480000 75497472 22% /\n";
        assert_eq!(free_mib(table), Some(73_728));
        assert_eq!(free_mib("df: no such file"), None);
    }

    #[test]
    fn partial_folders_keep_dots() {
        assert_eq!(partial(Path::new("/w/cpu-2.11.0")), Path::new("/w/cpu-2.11.0.partial"));
    }
}
