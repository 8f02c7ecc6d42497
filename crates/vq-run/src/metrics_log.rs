//! `metrics.jsonl`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use vq_file::{FileError, write_atomically};

use crate::{Record, RunError};

/// What is kept of a log that is ahead of the checkpoint; a resumed run writes the rest again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The records up to a step.
    UpToStep(u64),
    /// So many bytes. Unlike a step, this is exact also after a rollback, which takes steps twice.
    Bytes(u64),
}

/// An append-only log of [`Record`]s; each line is written whole.
///
/// Steps rise, except after an [`Event::RolledBack`](crate::Event::RolledBack): they continue from the checkpoint's
/// step.
#[derive(Debug)]
pub struct MetricsLog {
    path: PathBuf,
    file: File,
    /// Bytes of the file.
    length: u64,
}

impl MetricsLog {
    /// Opens a log, new or existing, and drops what is not `kept`, as well as a last line that a crash cut short.
    ///
    /// # Errors
    /// [`RunError::File`] if the file cannot be read or written, [`RunError::Record`] naming the line that is not a
    /// record.
    pub fn open(path: &Path, kept: Kept) -> Result<Self, RunError> {
        let mut length = 0;
        if path.exists() {
            let lines = Self::lines(path)?.into_iter();
            let text: String = match kept {
                Kept::UpToStep(step) => {
                    lines.filter(|line| line.record.step() <= step).map(|line| line.text + "\n").collect()
                }
                Kept::Bytes(bytes) => {
                    let mut end = 0;
                    let within = |line: &Line| {
                        end += line.text.len() as u64 + 1;
                        end <= bytes
                    };
                    lines.take_while(within).map(|line| line.text + "\n").collect()
                }
            };
            length = text.len() as u64;
            write_atomically(path, |file| file.write_all(text.as_bytes()))?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(FileError::io("open", path))?;
        Ok(Self { path: path.to_path_buf(), file, length })
    }

    /// Bytes of the log, for [`Kept::Bytes`].
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Appends a record.
    ///
    /// # Errors
    /// [`RunError::File`] if it cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<(), RunError> {
        let mut line =
            serde_json::to_string(record).map_err(|error| FileError::io("encode for", &self.path)(error.into()))?;
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(FileError::io("append to", &self.path))?;
        self.length += line.len() as u64;
        Ok(())
    }

    /// All records in order, without a last line that is not ended.
    ///
    /// # Errors
    /// [`RunError::File`] if the file cannot be read, [`RunError::Record`] naming the line that is not a record.
    pub fn read(path: &Path) -> Result<Vec<Record>, RunError> {
        Ok(Self::lines(path)?.into_iter().map(|line| line.record).collect())
    }

    fn lines(path: &Path) -> Result<Vec<Line>, RunError> {
        let text = std::fs::read_to_string(path).map_err(FileError::io("read", path))?;
        let ended = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        (1..).zip(ended).map(|(number, text)| Line::parse(path, number, text)).collect()
    }
}

/// A line of the log as it was written, without its end.
struct Line {
    text: String,
    record: Record,
}

impl Line {
    fn parse(path: &Path, number: usize, text: &str) -> Result<Self, RunError> {
        let record = serde_json::from_str(text).map_err(|error| RunError::Record {
            file: format!("{}:{number}", path.display()),
            message: error.to_string(),
        })?;
        Ok(Self { text: text.to_owned(), record })
    }
}
