//! Starting other programs.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::Workspace;

/// A cargo command that finds the workspace's libtorch when it builds and when it runs what it built.
pub(crate) fn cargo(workspace: &Workspace) -> Result<Command> {
    let mut command = plain_cargo(workspace);
    let target = target_directory(workspace)?;
    if target != workspace.root().join("target") {
        // Binaries elsewhere cannot find libtorch from where they lie.
        let mut paths = vec![workspace.current_libtorch().join("lib")];
        if let Some(inherited) = env::var_os("LD_LIBRARY_PATH") {
            paths.extend(env::split_paths(&inherited));
        }
        let paths = env::join_paths(paths).context("LD_LIBRARY_PATH cannot be set")?;
        command.env("LD_LIBRARY_PATH", paths);
    }
    Ok(command)
}

/// Cargo in the environment of the user.
///
/// Cargo's own `[env]` table has set variables for this process; passed on, they would count as a changed
/// environment, and torch-sys would be built once more.
fn plain_cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let ours = workspace.current_libtorch();
    if env::var_os("LIBTORCH").is_some_and(|value| ours == OsStr::new(&value)) {
        command.env_remove("LIBTORCH");
    }
    if env::var_os("LIBTORCH_CXX11_ABI").is_some_and(|value| value == "1") {
        command.env_remove("LIBTORCH_CXX11_ABI");
    }
    command
}

fn target_directory(workspace: &Workspace) -> Result<PathBuf> {
    let mut command = plain_cargo(workspace);
    command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(workspace.root());
    let metadata: serde_json::Value =
        serde_json::from_str(&output(&mut command)?).context("cargo metadata printed no valid JSON")?;
    let directory = metadata["target_directory"].as_str();
    directory.map(PathBuf::from).context("cargo metadata names no target_directory")
}

/// Runs `command` to its end on the terminal; an error if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", describe(command)))?;
    ensure!(status.success(), "{} failed: {status}", describe(command));
    Ok(())
}

/// Runs `command` and gives what it printed; an error with its messages if it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", describe(command)))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {}: {}", describe(command), output.status, messages.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Turns this process into `command`: no parent stays behind that a signal could end before its child.
pub(crate) fn become_process(command: &mut Command) -> Result<()> {
    #[cfg(unix)]
    {
        let error = std::os::unix::process::CommandExt::exec(command);
        Err(error).with_context(|| format!("cannot start {}", describe(command)))
    }
    #[cfg(not(unix))]
    {
        run(command)
    }
}

/// The command as a person would type it.
pub(crate) fn describe(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    format!("`{}`", words.join(" "))
}
