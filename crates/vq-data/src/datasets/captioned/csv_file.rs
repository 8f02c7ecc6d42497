//! Captions in a CSV file.

use std::path::Path;

use super::named::NamedImages;
use crate::dataset::dir::DatasetDir;
use crate::{DataError, FileRecord};

/// The columns that are read, and their delimiter.
pub(super) struct Columns<'a> {
    pub(super) image: &'a str,
    pub(super) caption: &'a str,
    pub(super) delimiter: char,
}

/// The images that a CSV file names.
pub(super) fn read(dir: &DatasetDir<'_>, file: &Path, columns: &Columns<'_>) -> Result<Vec<FileRecord>, DataError> {
    let path = dir.file(file, "a header and lines of image and caption")?;
    let failed = |source| DataError::Csv { path: path.clone(), source };
    let Some(delimiter) = u8::try_from(columns.delimiter).ok().filter(u8::is_ascii) else {
        return Err(dir.refuse("a delimiter of one ASCII character", format!("{:?}", columns.delimiter)));
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(&path).map_err(failed)?;
    let header = reader.headers().map_err(failed)?.clone();
    let column = |name: &str| {
        header.iter().position(|column| column.trim() == name).ok_or_else(|| {
            let got = format!("{:?}", header.iter().collect::<Vec<_>>());
            dir.refuse(format!("a column {name} in {}", path.display()), got)
        })
    };
    let (image, caption) = (column(columns.image)?, column(columns.caption)?);
    let mut named = NamedImages::default();
    for line in reader.records() {
        let line = line.map_err(failed)?;
        let at = line.position().map_or(0, csv::Position::line);
        let origin = format!("line {at} of {}", path.display());
        // The reader refuses lines with another number of columns than the header.
        let field = |column: usize| line.get(column).unwrap_or_default();
        named.add(dir, field(image).trim(), &[field(caption).to_owned()], &origin)?;
    }
    Ok(named.into_records())
}
