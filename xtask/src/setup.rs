//! `cargo xtask setup`: makes `.libtorch/current` a libtorch that cargo can build and run with.
//!
//! `.cargo/config.toml` names that link to the compiler and, relative to the binaries, to the loader; afterwards no
//! environment variable is needed.
//! A sound libtorch that it points to is kept: remove the link to choose another.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::libtorch::{Libtorch, VERSION};
use crate::process;
use crate::wheels::Wheels;
use crate::workspace::Workspace;

/// glibc that the wheels are built for.
const GLIBC: (u32, u32) = (2, 28);

#[derive(Args)]
pub(crate) struct SetupArgs {
    /// Install the full libtorch, several GB, which can use a GPU.
    #[arg(long)]
    cuda: bool,
}

/// Which libtorch the caller needs.
#[derive(Clone, Copy)]
enum Wanted {
    Any,
    Cuda,
}

impl Wanted {
    fn is_met_by(self, libtorch: &Libtorch) -> bool {
        match self {
            Self::Any => true,
            Self::Cuda => libtorch.has_cuda(),
        }
    }
}

/// A pinned libtorch.
struct Pinned {
    /// Name below `.libtorch`.
    folder: &'static str,
    wheels: Wheels,
    /// Libraries that its use can do without, below `torch/lib`.
    unneeded: &'static [&'static str],
}

const OTHERWISE: &str = "set LIBTORCH to a libtorch 2.11.0 that you have";

const CPU: Pinned = Pinned {
    folder: "cpu-2.11.0",
    wheels: Wheels {
        name: "libtorch 2.11.0 for CPUs",
        requirements: include_str!("../requirements/libtorch-cpu.txt"),
        needed_mib: 2_500,
        otherwise: OTHERWISE,
    },
    unneeded: &[
        "libc10_cuda.so",
        "libtorch_cuda.so",
        "libtorch_cuda_linalg.so",
        "libtorch_nvshmem.so",
        "libtorch_python.so",
    ],
};

const CUDA: Pinned = Pinned {
    folder: "cuda-2.11.0",
    wheels: Wheels {
        name: "libtorch 2.11.0 with CUDA",
        requirements: include_str!("../requirements/libtorch-cuda.txt"),
        needed_mib: 9_000,
        otherwise: OTHERWISE,
    },
    unneeded: &["libtorch_python.so"],
};

pub(crate) fn run(workspace: &Workspace, args: &SetupArgs) -> Result<()> {
    let wanted = if args.cuda { Wanted::Cuda } else { Wanted::Any };
    make_ready(workspace, wanted)?;
    let current = workspace.current_libtorch();
    let target = fs::read_link(&current).unwrap_or_else(|_| current.clone());
    println!("libtorch {VERSION} is ready: {}", target.display());
    Ok(())
}

/// Sets up whatever is missing; silent and fast if nothing is.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    make_ready(workspace, Wanted::Any)
}

fn make_ready(workspace: &Workspace, wanted: Wanted) -> Result<()> {
    if let Some(choice) = Choice::of_user(workspace)? {
        return choice.take(workspace, wanted);
    }
    if is_ready(workspace, wanted) {
        return Ok(());
    }
    check_platform(env::consts::OS, env::consts::ARCH)?;
    check_glibc()?;
    let pinned = match wanted {
        Wanted::Any => CPU,
        Wanted::Cuda => CUDA,
    };
    let folder = workspace.libtorch().join(pinned.folder);
    pinned.wheels.ensure(&folder, |partial| prune(partial, pinned.unneeded))?;
    let torch = folder.join("torch");
    if let Err(error) = Libtorch::check(&torch) {
        bail!("{error}: remove {} and run again", folder.display());
    }
    // Relative, so that the workspace can be moved.
    link(workspace, &Path::new(pinned.folder).join("torch"))
}

/// Whether the current libtorch is sound and does what is wanted.
fn is_ready(workspace: &Workspace, wanted: Wanted) -> bool {
    let current = workspace.current_libtorch();
    let stale = [CPU, CUDA].iter().any(|pinned| {
        let folder = Path::new(pinned.folder);
        let ours = fs::read_link(&current).is_ok_and(|target| target.starts_with(folder));
        ours && !pinned.wheels.is_installed(&workspace.libtorch().join(folder))
    });
    !stale && Libtorch::check(&current).is_ok_and(|libtorch| wanted.is_met_by(&libtorch))
}

/// A libtorch that the user named in the environment.
struct Choice {
    variable: &'static str,
    folder: PathBuf,
}

impl Choice {
    fn of_user(workspace: &Workspace) -> Result<Option<Self>> {
        // In the order in which torch-sys heeds them.
        if env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
            return Ok(Some(Self { variable: "LIBTORCH_USE_PYTORCH", folder: pytorch_folder()? }));
        }
        let Some(folder) = env::var_os("LIBTORCH").map(PathBuf::from) else {
            return Ok(None);
        };
        if is_link_itself(&folder, &workspace.current_libtorch()) {
            return Ok(None); // set by cargo, from .cargo/config.toml
        }
        ensure!(
            folder.is_absolute(),
            "LIBTORCH is `{}`: set it to an absolute path, or unset it and let setup install a libtorch",
            folder.display()
        );
        Ok(Some(Self { variable: "LIBTORCH", folder }))
    }

    fn take(&self, workspace: &Workspace, wanted: Wanted) -> Result<()> {
        let Self { variable, folder } = self;
        let libtorch = match Libtorch::check(folder) {
            Ok(libtorch) => libtorch,
            Err(error) => bail!(
                "{variable} does not give a usable libtorch: {error}; \
                 correct it, or unset it and let setup install one"
            ),
        };
        ensure!(
            wanted.is_met_by(&libtorch),
            "{variable} gives a libtorch without CUDA, {}: unset it to let setup install one with CUDA",
            folder.display()
        );
        link(workspace, folder)
    }
}

/// The folder of the torch package, found without the seconds that importing it takes.
fn pytorch_folder() -> Result<PathBuf> {
    const FIND: &str = "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])";
    // As torch-sys chooses it.
    let python = match env::var_os("VIRTUAL_ENV") {
        Some(_) => "python",
        None => "python3",
    };
    match process::output(Command::new(python).args(["-c", FIND])) {
        Ok(folder) => Ok(PathBuf::from(folder.trim())),
        Err(_) => bail!(
            "LIBTORCH_USE_PYTORCH is set, but `{python}` has no package torch: \
             install torch {VERSION} there, or unset it and let setup install a libtorch"
        ),
    }
}

fn check_platform(os: &str, arch: &str) -> Result<()> {
    ensure!(
        (os, arch) == ("linux", "x86_64"),
        "there is no pinned libtorch for {os} on {arch}, only for linux on x86_64: {OTHERWISE}"
    );
    Ok(())
}

/// An error if the C library is known to be too old, or none that the wheels can use.
fn check_glibc() -> Result<()> {
    let Ok(answer) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(&answer.stdout);
    let version = text.trim().strip_prefix("glibc ").and_then(|version| {
        let (major, minor) = version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    ensure!(
        version >= Some(GLIBC),
        "the pinned libtorch needs glibc {}.{} or newer, and this system has {}: {OTHERWISE}",
        GLIBC.0,
        GLIBC.1,
        match version {
            Some((major, minor)) => format!("{major}.{minor}"),
            None => "none".to_owned(),
        }
    );
    Ok(())
}

/// Leaves what compiling and loading need, and the licences.
fn prune(partial: &Path, unneeded: &[&str]) -> Result<()> {
    keep(partial, |name| ["torch", "nvidia"].contains(&name) || name.ends_with(".dist-info"))?;
    let torch = partial.join("torch");
    keep(&torch, |name| ["include", "lib", "version.py"].contains(&name))?;
    let lib = torch.join("lib");
    keep(&lib, |name| !unneeded.contains(&name))
}

/// Removes all of `folder` whose name `wanted` refuses.
fn keep(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("the wheels hold no {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if wanted(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = entry.path();
        let removed = if entry.file_type()?.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// Whether two paths name one link, also through links to its folder: a link to itself would lose the installation.
fn is_link_itself(folder: &Path, link: &Path) -> bool {
    let home = |path: &Path| Some((path.parent()?.canonicalize().ok()?, path.file_name()?.to_owned()));
    folder == link || home(folder).is_some_and(|ours| home(link) == Some(ours))
}

/// Points `.libtorch/current` to `target`, in one step.
fn link(workspace: &Workspace, target: &Path) -> Result<()> {
    let current = workspace.current_libtorch();
    if fs::read_link(&current).is_ok_and(|old| old == target) {
        return Ok(());
    }
    fs::create_dir_all(workspace.libtorch())?;
    let new = workspace.libtorch().join(format!("current.{}", std::process::id()));
    symlink(target, &new).with_context(|| format!("cannot link {}", new.display()))?;
    if let Err(error) = fs::rename(&new, &current) {
        fs::remove_file(&new)?;
        if error.kind() == ErrorKind::IsADirectory {
            bail!("{} is a folder where a link should be: move it away and run again", current.display());
        }
        return Err(error).with_context(|| format!("cannot link {}", current.display()));
    }
    Ok(())
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_without_wheels_are_told_to_set_libtorch() {
        assert!(check_platform("linux", "x86_64").is_ok());
        for (os, arch) in [("macos", "aarch64"), ("linux", "aarch64"), ("windows", "x86_64")] {
            let error = check_platform(os, arch).expect_err(os).to_string();
            assert!(error.contains(os) && error.contains("LIBTORCH"), "{error}");
        }
    }
}
