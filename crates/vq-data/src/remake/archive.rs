//! Writes the archive.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::emoji::{INDEX, LICENSES, PROVENANCE};
use crate::{DataError, Emoji, EmojiProvenance};

/// The text of a licence.
struct License {
    file: &'static str,
    text: &'static str,
}

const NOTICES: &[License] = &[
    License { file: "README.md", text: include_str!("../../assets/licenses/README.md") },
    License { file: "OFL-1.1.txt", text: include_str!("../../assets/licenses/OFL-1.1.txt") },
    License { file: "Apache-2.0.txt", text: include_str!("../../assets/licenses/Apache-2.0.txt") },
    License { file: "Unicode.txt", text: include_str!("../../assets/licenses/Unicode.txt") },
];

/// A bitmap of the font.
pub(super) struct Image<'a> {
    pub(super) path: String,
    pub(super) png: &'a [u8],
    /// The index of the first emoji with this picture.
    pub(super) first: usize,
}

/// The content of the archive besides the licences.
pub(super) struct Entries<'a> {
    pub(super) emoji: &'a [Emoji],
    pub(super) images: &'a [Image<'a>],
    pub(super) provenance: &'a EmojiProvenance,
}

/// Writes the archive: no compression, no time, no owner, always in the same order.
pub(super) fn write(entries: &Entries<'_>) -> Result<Vec<u8>, DataError> {
    let mut writer = Writer { zip: ZipWriter::new(Cursor::new(Vec::new())) };
    for notice in NOTICES {
        writer.add(&format!("{LICENSES}/{}", notice.file), notice.text.as_bytes())?;
    }
    let json = |what: &str| {
        let what = what.to_owned();
        move |source| DataError::Json { what, source }
    };
    let mut provenance = serde_json::to_vec_pretty(entries.provenance).map_err(json(PROVENANCE))?;
    provenance.push(b'\n');
    writer.add(PROVENANCE, &provenance)?;
    let mut index = Vec::new();
    for emoji in entries.emoji {
        serde_json::to_writer(&mut index, emoji).map_err(json(INDEX))?;
        index.push(b'\n');
    }
    writer.add(INDEX, &index)?;
    for image in entries.images {
        writer.add(&image.path, image.png)?;
    }
    let zip =
        writer.zip.finish().map_err(|source| DataError::Archive { what: "the new archive".to_owned(), source })?;
    Ok(zip.into_inner())
}

struct Writer {
    zip: ZipWriter<Cursor<Vec<u8>>>,
}

impl Writer {
    fn add(&mut self, path: &str, data: &[u8]) -> Result<(), DataError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        self.zip
            .start_file(path, options)
            .and_then(|()| Ok(self.zip.write_all(data)?))
            .map_err(|source| DataError::Archive { what: format!("{path} of the new archive"), source })
    }
}
