//! Files of segmentations.

use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageBuffer, Luma};

use crate::load::load_unconverted;
use crate::{DataError, LabelMap, LabelSides, Segmentation};

/// The files of an image's segmentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaskFile {
    /// A grey image whose levels are the labels, as large as the image.
    Map(PathBuf),
    /// One image for each part, black outside of the part. Where parts overlap, the last one counts; where there is
    /// none, the label is 0. They may be smaller or larger than the image, with the same aspect ratio.
    Parts {
        /// In the order in which they are drawn over each other.
        parts: Vec<MaskPart>,
        /// The pairs of labels that a mirrored image exchanges.
        sides: &'static [LabelSides],
    },
    /// As [`Map`](Self::Map), of any size with the same aspect ratio, and with sides.
    Combined {
        /// The file.
        path: PathBuf,
        /// The pairs of labels that a mirrored image exchanges.
        sides: &'static [LabelSides],
    },
}

/// The file of one part of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskPart {
    /// Relative to the root of the data set.
    pub path: PathBuf,
    /// The label of this part.
    pub label: u16,
}

impl MaskFile {
    /// The paths of all files.
    pub(super) fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Map(path) | Self::Combined { path, .. } => vec![path],
            Self::Parts { parts, .. } => parts.iter().map(|part| part.path.as_path()).collect(),
        }
    }

    /// The segmentation of an image of this size.
    pub(super) fn read(&self, root: &Path, width: u32, height: u32) -> Result<Segmentation, DataError> {
        match self {
            Self::Map(path) => {
                let path = root.join(path);
                let map = check_size(levels(&path)?, &path.display().to_string(), width, height)?;
                Ok(Segmentation { map, ..Segmentation::default() })
            }
            Self::Combined { path, sides } => {
                let path = root.join(path);
                Ok(Segmentation { map: fitted(&path, levels(&path)?, width, height)?, sides: (*sides).into() })
            }
            Self::Parts { parts, sides } => {
                let mut map = LabelMap::new(width, height);
                for part in parts {
                    let path = root.join(&part.path);
                    let levels = fitted(&path, levels(&path)?, width, height)?;
                    for (label, level) in map.iter_mut().zip(levels.iter()) {
                        if *level != 0 {
                            *label = part.label;
                        }
                    }
                }
                Ok(Segmentation { map, sides: (*sides).into() })
            }
        }
    }
}

fn levels(path: &Path) -> Result<LabelMap, DataError> {
    levels_of(load_unconverted(path)?, &path.display().to_string())
}

/// The levels of an image of one channel, or of a colour image whose three channels are equal. `what` names it in
/// errors.
pub(crate) fn levels_of(image: DynamicImage, what: &str) -> Result<LabelMap, DataError> {
    let (width, height) = (image.width(), image.height());
    let levels: Vec<u16> = match image {
        DynamicImage::ImageLuma8(grey) => grey.into_raw().into_iter().map(u16::from).collect(),
        DynamicImage::ImageLuma16(grey) => grey.into_raw(),
        other => {
            let colours = other.to_rgb8();
            if let Some(pixel) = colours.pixels().find(|pixel| pixel.0[0] != pixel.0[1] || pixel.0[1] != pixel.0[2]) {
                let op = format!("read the segmentation {what}");
                return Err(DataError::unexpected(op, "an image of grey levels", format!("the colour {:?}", pixel.0)));
            }
            colours.pixels().map(|pixel| u16::from(pixel.0[0])).collect()
        }
    };
    ImageBuffer::<Luma<u16>, _>::from_raw(width, height, levels).ok_or_else(|| {
        let op = format!("read the segmentation {what}");
        DataError::unexpected(op, format!("{width}x{height} levels"), "another number of them")
    })
}

/// Resizes a map of the same aspect ratio to the size of its image: each pixel takes the nearest label; labels are
/// never mixed.
fn fitted(path: &Path, map: LabelMap, width: u32, height: u32) -> Result<LabelMap, DataError> {
    let (from_width, from_height) = map.dimensions();
    if u64::from(from_width) * u64::from(height) != u64::from(from_height) * u64::from(width) || map.is_empty() {
        return Err(wrong_size(&path.display().to_string(), "of the aspect ratio of its image", width, height, &map));
    }
    if map.dimensions() == (width, height) {
        return Ok(map);
    }
    let nearest =
        |at: u32, from: u32, to: u32| (((2 * u64::from(at) + 1) * u64::from(from)) / (2 * u64::from(to))) as u32;
    Ok(LabelMap::from_fn(width, height, |x, y| {
        *map.get_pixel(nearest(x, from_width, width), nearest(y, from_height, height))
    }))
}

/// Checks that a map has the size of its image.
pub(crate) fn check_size(map: LabelMap, what: &str, width: u32, height: u32) -> Result<LabelMap, DataError> {
    match map.dimensions() == (width, height) {
        true => Ok(map),
        false => Err(wrong_size(what, "as large as its image", width, height, &map)),
    }
}

fn wrong_size(what: &str, rule: &str, width: u32, height: u32, map: &LabelMap) -> DataError {
    DataError::unexpected(
        format!("read the segmentation {what}"),
        format!("a map {rule}, {width}x{height}"),
        format!("{}x{}", map.width(), map.height()),
    )
}
