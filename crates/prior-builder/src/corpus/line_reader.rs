//! Captions in the lines of a text file.

use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::path::Path;

use vq_file::FileError;

use super::caption::Location;
use super::collector::Collector;
use super::hashing::HashingReader;
use crate::error::BuildError;

/// The maximum length of a line in bytes. Longer lines are not captions; the limit bounds the memory.
const MAX_LINE: u64 = 1 << 16;

/// The format of the lines of a file.
pub(super) struct LineFormat {
    /// The format, for errors.
    pub(super) expected: &'static str,
    /// The captions of a line that is not empty, none for a comment; `None` if the line is malformed.
    pub(super) captions: for<'a> fn(&'a str) -> Option<Vec<Cow<'a, str>>>,
}

/// A caption per line.
pub(super) const CAPTIONS: LineFormat =
    LineFormat { expected: "a caption", captions: |line| Some(vec![line.trim_start().into()]) };

/// Reads the captions of a text file and returns its SHA-256. Empty lines are skipped.
pub(super) fn read(path: &Path, format: &LineFormat, collector: &mut Collector<'_>) -> Result<String, BuildError> {
    collector.start_file(path);
    let mut reader = HashingReader::open(path)?;
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let read = (&mut reader).take(MAX_LINE).read_until(b'\n', &mut bytes);
        if read.map_err(FileError::io("read", path))? == 0 {
            break;
        }
        let location = Location::Line(line);
        if bytes.len() as u64 == MAX_LINE && !bytes.ends_with(b"\n") {
            reader.skip_until(b'\n').map_err(FileError::io("read", path))?;
            let got = String::from_utf8_lossy(&bytes[..80]);
            collector.malformed(location, "at most 65536 bytes", &got)?;
            continue;
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            collector.malformed(location, "UTF-8", String::from_utf8_lossy(&bytes).trim_end())?;
            continue;
        };
        let text = if line == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        if text.trim().is_empty() {
            continue;
        }
        match (format.captions)(text.trim_end()) {
            Some(captions) => captions.into_iter().try_for_each(|caption| collector.caption(&caption, location))?,
            None => collector.malformed(location, format.expected, text.trim())?,
        }
    }
    Ok(HashingReader::sha256(reader))
}
