//! Output: new files, which never overwrite, and lines on the terminal.

use std::collections::HashSet;
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use image::RgbImage;
use vq_file::png_bytes;

/// Prints a line; see `print_line!`.
pub(crate) fn print_line(line: fmt::Arguments<'_>) {
    // A closed pipe must not end the work.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// An error and its causes on one line; a cause that an error already contains is not repeated.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |message, cause| {
        let cause = cause.to_string();
        match message.is_empty() {
            true => cause,
            false if message.contains(&cause) => message,
            false => format!("{message}: {cause}"),
        }
    })
}

/// A PNG for each stem in `folder`, which is made if need be; checked before any work is done.
pub(crate) fn png_paths(folder: &Path, stems: &[String]) -> Result<Vec<PathBuf>> {
    // A token file may come from anywhere: its names must not lead out of the folder.
    if let Some(path) = stems.iter().find(|stem| stem.is_empty() || stem.contains(['/', '\\', '\0'])) {
        bail!("expected the name of an image without its folder, got `{path}`");
    }
    let mut seen = HashSet::new();
    if let Some(twice) = stems.iter().find(|stem| !seen.insert(*stem)) {
        bail!("expected images of distinct names, got `{twice}` twice: both would be written to {twice}.png");
    }
    std::fs::create_dir_all(folder).with_context(|| format!("make folder {}", folder.display()))?;
    let paths: Vec<PathBuf> = stems.iter().map(|stem| folder.join(format!("{stem}.png"))).collect();
    paths.iter().try_for_each(|path| refuse_existing(path))?;
    Ok(paths)
}

/// An error if there is something at `path` already.
pub(crate) fn refuse_existing(path: &Path) -> Result<()> {
    if path.exists() {
        bail!("{} exists already, and files are never overwritten: choose another name", path.display());
    }
    Ok(())
}

/// Writes a new file; one that cannot be finished is removed.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(bytes).inspect_err(|_| {
            // The error at hand is the one to report.
            let _ = std::fs::remove_file(path);
        })
    };
    write().with_context(|| format!("write {}", path.display()))
}

/// Writes a new PNG.
pub(crate) fn write_png(path: &Path, picture: &RgbImage) -> Result<()> {
    write_new(path, &png_bytes(picture).with_context(|| format!("encode {}", path.display()))?)
}
