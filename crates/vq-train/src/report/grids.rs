//! Pictures inside the page.

use std::io::Cursor;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::ImageFormat;
use image::imageops::FilterType;

use super::folder::GridFile;
use crate::TrainError;

/// Grids in a page, spread evenly over the run: first and last are always there.
const MOST: usize = 16;

/// Pictures up to this size are taken as they are; larger ones are shrunk, for the page must stay one that opens.
const WHOLE_BYTES: usize = 1 << 20;

/// Width of a shrunken picture.
const SHRUNKEN_WIDTH: u32 = 1600;

/// A picture that a page holds.
pub(crate) struct Picture {
    /// The step of the grid.
    pub(crate) step: u64,
    /// Its `src`.
    pub(crate) data: String,
    /// Its width and height.
    pub(crate) size: [u32; 2],
}

/// The pictures of a run; files that are no pictures are named in `damage`.
pub(crate) struct Pictures {
    pub(crate) shown: Vec<Picture>,
    pub(crate) damage: Vec<String>,
}

impl Pictures {
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

/// At most [`MOST`] of them, evenly.
fn spread(grids: &[GridFile]) -> impl Iterator<Item = &GridFile> {
    let count = grids.len().min(MOST);
    let position = move |index: usize| index * (grids.len() - 1) / (count - 1).max(1);
    (0..count).map(move |index| &grids[if count == 1 { grids.len() - 1 } else { position(index) }])
}

fn embed(grid: &GridFile) -> Result<Picture, TrainError> {
    let bytes = std::fs::read(&grid.path).map_err(TrainError::io("read", &grid.path))?;
    let refuse = |error| TrainError::io("decode", &grid.path)(std::io::Error::other(error));
    let picture = image::load_from_memory_with_format(&bytes, ImageFormat::Png).map_err(refuse)?;
    if bytes.len() <= WHOLE_BYTES {
        let size = [picture.width(), picture.height()];
        return Ok(Picture { step: grid.step, data: source("png", &bytes), size });
    }
    let shrunken = match picture.width() > SHRUNKEN_WIDTH {
        true => picture.resize(SHRUNKEN_WIDTH, u32::MAX, FilterType::Triangle),
        false => picture,
    };
    let mut jpeg = Cursor::new(Vec::new());
    shrunken.to_rgb8().write_to(&mut jpeg, ImageFormat::Jpeg).map_err(refuse)?;
    let size = [shrunken.width(), shrunken.height()];
    Ok(Picture { step: grid.step, data: source("jpeg", jpeg.get_ref()), size })
}

fn source(kind: &str, bytes: &[u8]) -> String {
    format!("data:image/{kind};base64,{}", BASE64_STANDARD.encode(bytes))
}
