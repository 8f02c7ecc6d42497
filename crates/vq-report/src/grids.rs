//! Grids of images inside the page.

use std::io::Cursor;

use image::ImageFormat;
use image::imageops::FilterType;

use vq_file::FileError;

use crate::html::data_url;
use crate::{GridFile, ReportError};

/// Grids in a page, spread evenly over the run: first and last are always there.
const MOST: usize = 16;

/// Images up to this size are embedded unchanged; larger ones are shrunk, so that a browser can open the page.
const WHOLE_BYTES: usize = 1 << 20;

/// Width of a shrunken picture.
const SHRUNKEN_WIDTH: u32 = 1600;

/// A grid inside the page.
pub(crate) struct EmbeddedGrid {
    /// The step of the grid.
    pub(crate) step: u64,
    /// Its `src`.
    pub(crate) data: String,
    /// Its width and height.
    pub(crate) size: [u32; 2],
}

/// The grids of a run; files that cannot be decoded are named in `damage`.
pub(crate) struct EmbeddedGrids {
    pub(crate) shown: Vec<EmbeddedGrid>,
    pub(crate) damage: Vec<String>,
}

impl EmbeddedGrids {
    pub(crate) fn of(grids: &[GridFile]) -> Self {
        let mut pictures = Self { shown: Vec::new(), damage: Vec::new() };
        for grid in spread(grids) {
            match embed(grid) {
                Ok(picture) => pictures.shown.push(picture),
                Err(error) => pictures.damage.push(error.to_string()),
            }
        }
        pictures
    }
}

/// At most [`MOST`] of them, spread evenly.
fn spread(grids: &[GridFile]) -> impl Iterator<Item = &GridFile> {
    let count = grids.len().min(MOST);
    let position = move |index: usize| index * (grids.len() - 1) / (count - 1).max(1);
    (0..count).map(move |index| &grids[if count == 1 { grids.len() - 1 } else { position(index) }])
}

fn embed(grid: &GridFile) -> Result<EmbeddedGrid, ReportError> {
    let bytes = std::fs::read(&grid.path).map_err(FileError::io("read", &grid.path))?;
    let refuse = |error: image::ImageError| ReportError::damaged("image", &grid.path, "a PNG file", error);
    let picture = image::load_from_memory_with_format(&bytes, ImageFormat::Png).map_err(refuse)?;
    if bytes.len() <= WHOLE_BYTES {
        let size = [picture.width(), picture.height()];
        return Ok(EmbeddedGrid { step: grid.step, data: data_url("png", &bytes), size });
    }
    let shrunken = match picture.width() > SHRUNKEN_WIDTH {
        true => picture.resize(SHRUNKEN_WIDTH, u32::MAX, FilterType::Triangle),
        false => picture,
    };
    let mut jpeg = Cursor::new(Vec::new());
    shrunken.to_rgb8().write_to(&mut jpeg, ImageFormat::Jpeg).map_err(refuse)?;
    let size = [shrunken.width(), shrunken.height()];
    Ok(EmbeddedGrid { step: grid.step, data: data_url("jpeg", jpeg.get_ref()), size })
}
