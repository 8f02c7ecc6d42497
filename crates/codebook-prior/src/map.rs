//! The crate's one `unsafe` block: a file mapped into memory.

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;

use crate::PriorError;

/// Maps a file for reading.
pub(crate) fn map(path: &Path) -> Result<Mmap, PriorError> {
    let io = |source| PriorError::Io { op: "map", path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    // SAFETY: the bytes are only read, and only as `u8` (numbers are assembled from little-endian bytes), so no
    // content can be invalid. A prior's file is never changed in place: `PriorGraph::save` puts a
    // new file under the old name, and the map keeps the old one alive. A program that truncates the file meanwhile
    // ends this process by a signal, as with every map; documented at `PriorGraph::open`.
    let map = unsafe { Mmap::map(&file) }.map_err(io)?;
    Ok(map)
}
