//! Where things lie in the workspace.

use std::env;
use std::path::{Path, PathBuf};

/// The workspace that this task works on.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace of the running `cargo xtask`; it may have moved since xtask was compiled.
    pub(crate) fn find() -> Self {
        let manifest_dir =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir.parent().map(Path::to_path_buf);
        Self { root: root.unwrap_or(manifest_dir) }
    }

    /// Top of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Git-ignored folder of libtorch installations.
    pub(crate) fn libtorch(&self) -> PathBuf {
        self.root.join(".libtorch")
    }

    /// The libtorch that cargo builds with: a link, as `.cargo/config.toml` names it.
    pub(crate) fn current_libtorch(&self) -> PathBuf {
        self.libtorch().join("current")
    }

    /// Git-ignored folder of downloads that can be repeated.
    pub(crate) fn cache(&self) -> PathBuf {
        self.root.join(".cache")
    }
}
