//! Python's pip, used to fetch and unpack pinned wheels.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process;

/// The wheels are those of one Python, whichever Python runs pip: one hash for everybody.
const TARGET: [&str; 4] = ["--python-version", "3.11", "--implementation", "cp"];

/// Tags of the pinned wheels; pip does not derive older tags from newer ones.
const PLATFORMS: [&str; 7] = [
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_25_x86_64",
    "manylinux_2_18_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
];

/// Ways to start pip, best first.
const CANDIDATES: [&[&str]; 3] = [&["python3", "-m", "pip"], &["python", "-m", "pip"], &["pip"]];

/// The first version that takes several `--platform`.
const OLDEST: (u32, u32) = (20, 3);

/// A pip that runs and is new enough.
pub(crate) struct Pip {
    words: &'static [&'static str],
}

impl Pip {
    /// The first of the candidates that works.
    pub(crate) fn find() -> Result<Self> {
        for words in CANDIDATES {
            let pip = Self { words };
            let version = process::output(pip.command().arg("--version"));
            if version.is_ok_and(|text| version_of(&text) >= Some(OLDEST)) {
                return Ok(pip);
            }
        }
        bail!(
            "found no pip {}.{} or newer (tried `python3 -m pip`, `python -m pip` and `pip`): \
             install it, on Debian and Ubuntu with `apt install python3-pip`",
            OLDEST.0,
            OLDEST.1
        )
    }

    /// Installs what `requirements` pins into `target`, its progress on the terminal.
    ///
    /// pip inherits `lock` as its input: should this process be killed, the lock stays until pip has ended too.
    pub(crate) fn install(&self, requirements: &Path, target: &Path, temporary: &Path, lock: &File) -> Result<()> {
        let mut command = self.command();
        command
            .args(["install", "--no-deps", "--no-compile", "--no-input"])
            .args(["--only-binary=:all:", "--require-hashes"])
            .args(TARGET)
            .args(PLATFORMS.iter().flat_map(|tag| ["--platform", *tag]))
            .arg("--target")
            .arg(target)
            .arg("--requirement")
            .arg(requirements)
            // On the disk whose space was checked, and in a folder that the next try removes.
            .env("TMPDIR", temporary)
            // Settings for installing into a Python, which would fail or warn here.
            .env("PIP_USER", "0")
            .env("PIP_REQUIRE_VIRTUALENV", "0")
            .env("PIP_ROOT_USER_ACTION", "ignore")
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .stdin(lock.try_clone().context("cannot share the lock")?)
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start pip")?;
        let mut messages = String::new();
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).split(b'\n') {
                let line = line.context("cannot read pip's messages")?;
                let line = String::from_utf8_lossy(&line);
                eprintln!("{line}");
                messages.push_str(&line);
                messages.push('\n');
            }
        }
        let status = child.wait().context("cannot wait for pip")?;
        if !status.success() {
            bail!("{}", explain(&messages));
        }
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.words[0]);
        command.args(&self.words[1..]);
        command
    }
}

/// Major and minor version in `pip 23.2.1 from ...`.
fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("pip ")?.split(['.', ' ']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// What went wrong, from pip's messages, and what to do about it.
fn explain(messages: &str) -> &'static str {
    const CAUSES: [(&[&str], &str); 4] = [
        (
            &["No space left on device", "Errno 28", "Disk quota exceeded"],
            "the disk is full: free some space and run again",
        ),
        (
            &["DO NOT MATCH THE HASHES"],
            "a wheel differs from the pinned one: run `pip cache purge` and try again, \
             look for a changed mirror in `pip config list`",
        ),
        (
            &[
                "NewConnectionError",
                "NameResolutionError",
                "Connection",
                "ReadTimeout",
                "ProxyError",
                "SSLError",
                "Network is unreachable",
            ],
            "cannot reach the package index: check the network, and the proxy and index in `pip config list`, \
             and run again",
        ),
        (
            &["No matching distribution"],
            "the package index lacks a pinned wheel: look for a mirror in `pip config list`",
        ),
    ];
    CAUSES
        .iter()
        .find(|(signs, _)| signs.iter().any(|sign| messages.contains(sign)))
        .map_or("pip failed: see its messages above and run again", |(_, advice)| advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version_of("pip 23.2.1 from /usr/lib (python 3.11)"), Some((23, 2)));
        assert_eq!(version_of("pip 26.0 from /usr/lib"), Some((26, 0)));
        assert_eq!(version_of("python3: No module named pip"), None);
        assert!(Some((9, 0)) < Some(OLDEST));
    }
}
