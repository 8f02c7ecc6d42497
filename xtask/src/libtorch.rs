//! What makes a folder a libtorch that this workspace can build with.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The version that the pinned `tch` binds; torch-sys accepts no other.
pub(crate) const VERSION: &str = "2.11.0";

/// A folder with `lib` and `include` of the right version.
pub(crate) struct Libtorch {
    folder: PathBuf,
}

impl Libtorch {
    /// An error that says what `folder` lacks.
    pub(crate) fn check(folder: &Path) -> Result<Self> {
        let libtorch = Self { folder: folder.to_path_buf() };
        ensure!(folder.is_dir(), "there is no folder {}", folder.display());
        ensure!(
            libtorch.library("torch_cpu").exists(),
            "{} has no lib/{DLL_PREFIX}torch_cpu{DLL_SUFFIX}",
            folder.display()
        );
        let version =
            version(folder).with_context(|| format!("{} has no version that can be read", folder.display()))?;
        ensure!(version == VERSION, "{} is libtorch {version}, and this workspace needs {VERSION}", folder.display());
        Ok(libtorch)
    }

    /// Whether it can use a GPU.
    pub(crate) fn has_cuda(&self) -> bool {
        self.library("torch_cuda").exists()
    }

    fn library(&self, name: &str) -> PathBuf {
        let file = format!("{DLL_PREFIX}{name}{DLL_SUFFIX}");
        self.folder.join("lib").join(file)
    }
}

/// The version of a libtorch archive, a wheel, or bare headers, without what follows `+`.
fn version(folder: &Path) -> Option<String> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let archive = || read("build-version").map(|text| text.trim().to_owned());
    let wheel = || {
        let text = read("version.py")?;
        let line = text.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
        Some(line.trim_matches(['\'', '"']).to_owned())
    };
    let header = |name: &str| {
        let text = read(name)?;
        let number = |part: &str| {
            let define = format!("#define TORCH_VERSION_{part} ");
            let line = text.lines().find_map(|line| line.strip_prefix(&define))?;
            Some(line.trim().to_owned())
        };
        Some(format!("{}.{}.{}", number("MAJOR")?, number("MINOR")?, number("PATCH")?))
    };
    let full = archive()
        .or_else(wheel)
        .or_else(|| header("include/torch/headeronly/version.h"))
        .or_else(|| header("include/torch/csrc/api/include/torch/version.h"))?;
    Some(full.split('+').next()?.to_owned())
}
