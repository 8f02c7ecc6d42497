//! Small tables in text form.

use std::path::Path;

use crate::error::PriorError;

/// A text of one entry per line.
pub(crate) struct Table<'a> {
    /// The path, for errors.
    path: &'a Path,
    text: &'a str,
}

impl<'a> Table<'a> {
    pub(crate) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text }
    }

    /// All lines, with their numbers from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }

    /// The lines with their numbers from 1, without empty lines and comments.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, &'a str)> {
        self.lines().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    }

    /// The error of a line without the expected format.
    pub(crate) fn line_error(&self, line: usize, expected: &'static str, got: &str) -> PriorError {
        let got: String = got.chars().take(80).collect(); // some lines run to kilobytes
        PriorError::Line { path: self.path.to_owned(), line, expected, got }
    }
}
