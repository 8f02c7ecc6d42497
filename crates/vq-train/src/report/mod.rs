//! `report.html`: what a run has come to, on one page that needs nothing else.
//!
//! Made from the files of the run folder alone, so that it can be made again at any time, also of a run that was killed.

pub(crate) mod axis;
pub(crate) mod chart;
mod compare;
mod folder;
mod grids;
mod groups;
mod log;
mod look;
mod number;
mod page;
pub(crate) mod shell;

use std::io::Write;
use std::path::{Path, PathBuf};

pub use compare::{Comparison, KeyRow};
pub use folder::{GridFile, RunFolder};
pub use groups::GroupUse;
pub use log::{Entry, Figure, Point, RunLog};
pub use number::{date_time, short_duration, short_number};

use crate::atomic_file::write_atomically;
use crate::{RunDir, TrainError};

/// The page of a run.
#[derive(Debug)]
pub struct RunReport {
    html: String,
}

impl RunReport {
    /// Makes the page.
    pub fn of(run: &RunFolder) -> Self {
        Self { html: page::page(run) }
    }

    /// The page.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// Reads a run folder and replaces its `report.html` in one move; tells where that is.
    ///
    /// # Errors
    /// [`TrainError`] naming the file of the run that cannot be read, or that the page cannot be written.
    pub fn write(run: &RunDir) -> Result<PathBuf, TrainError> {
        let path = run.path().join("report.html");
        write_page(&path, Self::of(&RunFolder::read(run)?).html())?;
        Ok(path)
    }
}

pub(crate) fn write_page(path: &Path, html: &str) -> Result<(), TrainError> {
    write_atomically(path, |file| file.write_all(html.as_bytes()))
}
