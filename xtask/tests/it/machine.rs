//! A machine with imitated programs, and an empty workspace on it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An empty workspace, and the programs of a machine.
pub(crate) struct Machine {
    folder: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self::with_tools(&["python3", "df", "getconf"])
    }

    pub(crate) fn with_tools(tools: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let machine = Self { folder };
        fs::create_dir_all(machine.workspace()).expect("a workspace");
        fs::create_dir_all(machine.path("bin")).expect("a folder of programs");
        for tool in tools {
            // Linked, not written: a file that was open for writing a moment ago may refuse to start.
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools").join(tool);
            symlink(script, machine.path("bin").join(tool)).expect("a link");
        }
        machine
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.path("workspace")
    }

    pub(crate) fn libtorch(&self, name: &str) -> PathBuf {
        self.workspace().join(".libtorch").join(name)
    }

    pub(crate) fn setup(&self, variables: &[(&str, &str)]) -> Command {
        let mut command = self.xtask(&["setup"]);
        command.envs(variables.iter().copied());
        command
    }

    pub(crate) fn xtask(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(words)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("CARGO_MANIFEST_DIR", self.workspace().join("xtask"))
            .env("FAKE_LOG", self.path("log"))
            .current_dir(self.workspace());
        command
    }

    /// How often pip installed something.
    pub(crate) fn installations(&self) -> usize {
        fs::read_to_string(self.path("log")).map_or(0, |log| log.lines().count())
    }

    /// A libtorch of the user's own.
    pub(crate) fn own_libtorch(&self, version: &str) -> String {
        let folder = self.path(&format!("own-{version}"));
        fs::create_dir_all(folder.join("lib")).expect("a folder");
        fs::write(folder.join("lib/libtorch_cpu.so"), "").expect("a library");
        fs::write(folder.join("build-version"), format!("{version}+cpu\n")).expect("a version");
        folder.to_str().expect("a plain path").to_owned()
    }
}
