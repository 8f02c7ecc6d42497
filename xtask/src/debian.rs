//! Files of Debian packages, installed or not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process;
use crate::workspace::Workspace;

/// A file or folder of a Debian package.
pub(crate) struct DebianPath {
    /// Name of the package.
    pub(crate) package: &'static str,
    /// Where it lies below `/` once the package is installed.
    pub(crate) path: &'static str,
    /// The option that gives the path by hand.
    pub(crate) option: &'static str,
}

impl DebianPath {
    /// The path as `given`, else as installed, else from the package, unpacked into the cache without root.
    pub(crate) fn find(&self, workspace: &Workspace, given: Option<&Path>) -> Result<PathBuf> {
        if let Some(given) = given {
            return existing(given, self.option);
        }
        let installed = Path::new("/").join(self.path);
        if installed.exists() {
            return Ok(installed);
        }
        let folder = workspace.cache().join("debian").join(self.package);
        let cached = folder.join(self.path);
        if !cached.exists() {
            self.unpack(&folder).with_context(|| self.advice())?;
            ensure!(cached.exists(), "{}: the package holds no {}", self.advice(), self.path);
        }
        Ok(cached)
    }

    fn unpack(&self, folder: &Path) -> Result<()> {
        let partial = folder.with_extension("partial");
        for leftover in [&partial, folder] {
            if leftover.exists() {
                fs::remove_dir_all(leftover)?;
            }
        }
        fs::create_dir_all(&partial)?;
        println!("downloading the Debian package {}", self.package);
        let mut download = Command::new("apt-get");
        download.args(["download", self.package]).current_dir(&partial);
        process::output(&mut download)?;
        let archive = fs::read_dir(&partial)?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
            .context("apt-get downloaded nothing")?;
        process::output(Command::new("dpkg").arg("-x").arg(&archive).arg(&partial))?;
        fs::remove_file(&archive)?;
        fs::rename(&partial, folder)?;
        Ok(())
    }

    fn advice(&self) -> String {
        format!(
            "cannot get {} from Debian: install the package {} (after `apt-get update`), or give the path with {}",
            self.path.rsplit('/').next().unwrap_or(self.path),
            self.package,
            self.option
        )
    }
}

/// `path`, absolute, if something is there; `option` is what the user gave it with.
pub(crate) fn existing(path: &Path, option: &str) -> Result<PathBuf> {
    ensure!(path.exists(), "there is no {}: correct {option}", path.display());
    Ok(std::path::absolute(path)?)
}

/// `emoji-test.txt`: names, groups and order of all emoji.
pub(crate) const EMOJI_TEST: DebianPath =
    DebianPath { package: "unicode-data", path: "usr/share/unicode/emoji/emoji-test.txt", option: "--emoji-test" };
