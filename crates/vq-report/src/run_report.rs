//! `report.html`: a run on one page that needs no other file.

use std::io::Write;
use std::path::{Path, PathBuf};

use vq_file::write_atomically;
use vq_run::RunDir;

use crate::page::page;
use crate::{ReportError, RunContents};

/// The page of a run.
#[derive(Debug)]
pub struct RunReport {
    html: String,
}

impl RunReport {
    /// Makes the page.
    pub fn of(run: &RunContents) -> Self {
        Self { html: page(run) }
    }

    /// The page.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// Reads a run folder and replaces its `report.html` in one move; returns its path.
    ///
    /// # Errors
    /// [`ReportError`] naming the file of the run that cannot be read, or the page that cannot be written.
    pub fn write(run: &RunDir) -> Result<PathBuf, ReportError> {
        let path = run.path().join("report.html");
        write_page(&path, Self::of(&RunContents::read(run)?).html())?;
        Ok(path)
    }
}

pub(crate) fn write_page(path: &Path, html: &str) -> Result<(), ReportError> {
    Ok(write_atomically(path, |file| file.write_all(html.as_bytes()))?)
}
