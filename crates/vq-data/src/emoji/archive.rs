//! The archive of emoji.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::ops::Range;

use serde::de::DeserializeOwned;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::DataError;

/// The entry with one line of JSON for each emoji.
pub(crate) const INDEX: &str = "index.jsonl";
/// The entry with the origin of the set.
pub(crate) const PROVENANCE: &str = "provenance.json";
/// The folder of the bitmaps.
#[cfg(feature = "remake")]
pub(crate) const IMAGES: &str = "images";
/// The folder of the licences.
#[cfg(feature = "remake")]
pub(crate) const LICENSES: &str = "licenses";

/// A zip archive of uncompressed entries, which are read in place.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    what: &'a str,
    entries: HashMap<String, Range<usize>>,
}

impl<'a> Archive<'a> {
    /// Finds the entries and verifies their checksums; `what` names the archive in errors.
    pub(super) fn parse(bytes: &'a [u8], what: &'a str) -> Result<Self, DataError> {
        let damaged = |what: String| move |source: ZipError| DataError::Archive { what, source };
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(damaged(what.to_owned()))?;
        let mut entries = HashMap::with_capacity(zip.len());
        for number in 0..zip.len() {
            let at = format!("entry {number} of {what}");
            let mut file = zip.by_index(number).map_err(damaged(at))?;
            let at = format!("{} of {what}", file.name());
            if file.compression() != CompressionMethod::Stored {
                return Err(DataError::unexpected(format!("read {at}"), "an uncompressed entry", file.compression()));
            }
            // Reading to the end makes the reader verify the checksum.
            let size = std::io::copy(&mut file.by_ref(), &mut std::io::sink())
                .map_err(|error| damaged(at.clone())(ZipError::Io(error)))?;
            let range = usize::try_from(file.data_start())
                .ok()
                .zip(usize::try_from(size).ok())
                .and_then(|(start, size)| Some(start..start.checked_add(size)?))
                .filter(|range| range.end <= bytes.len())
                .ok_or_else(|| DataError::unexpected(format!("read {at}"), "data inside the archive", size))?;
            entries.insert(file.name().to_owned(), range);
        }
        Ok(Self { bytes, what, entries })
    }

    /// The range of an entry's data.
    pub(super) fn range(&self, name: &str) -> Result<Range<usize>, DataError> {
        self.entries.get(name).cloned().ok_or_else(|| {
            DataError::unexpected(format!("read {}", self.what), format!("an entry {name}"), "none of that name")
        })
    }

    /// An entry that is one JSON value.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, DataError> {
        serde_json::from_slice(&self.bytes[self.range(name)?])
            .map_err(|source| DataError::Json { what: format!("{name} of {}", self.what), source })
    }

    /// An entry that has one JSON value on each line.
    pub(super) fn json_lines<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, DataError> {
        self.bytes[self.range(name)?]
            .split(|&byte| byte == b'\n')
            .enumerate()
            .filter(|(_, line)| !line.is_empty())
            .map(|(number, line)| {
                serde_json::from_slice(line).map_err(|source| DataError::Json {
                    what: format!("line {} of {name} of {}", number + 1, self.what),
                    source,
                })
            })
            .collect()
    }
}
