//! Images beside their reconstructions.

use image::{Rgb, RgbImage};
use tch::{Device, Kind, Tensor};
use vq_data::rgb_from_chw;

use crate::PipelineError;

/// Pairs of rows, originals above reconstructions, `columns` images wide.
///
/// Both are `[B, 3, H, W]` in `[-1, 1]`; values outside are clamped.
///
/// # Errors
/// [`PipelineError::Data`] if the batches are not images of one shape.
pub fn image_grid(originals: &Tensor, reconstructions: &Tensor, columns: u32) -> Result<RgbImage, PipelineError> {
    let tiles: Vec<[RgbImage; 2]> = (0..originals.size()[0])
        .map(|index| Ok([to_rgb(&originals.get(index))?, to_rgb(&reconstructions.get(index))?]))
        .collect::<Result<_, PipelineError>>()?;
    let Some([first, _]) = tiles.first() else { return Ok(RgbImage::new(0, 0)) };
    let (width, height) = first.dimensions();
    let columns = columns.clamp(1, tiles.len() as u32);
    let rows = (tiles.len() as u32).div_ceil(columns) * 2;
    let mut grid = RgbImage::from_pixel(columns * width, rows * height, Rgb([255; 3]));
    for (index, pair) in (0_u32..).zip(&tiles) {
        for (below, tile) in (0_u32..).zip(pair) {
            let (column, row) = (index % columns, index / columns * 2 + below);
            image::imageops::replace(&mut grid, tile, i64::from(column * width), i64::from(row * height));
        }
    }
    Ok(grid)
}

/// An image `[3, H, W]` in `[-1, 1]`, values outside clamped.
///
/// # Errors
/// [`PipelineError::Data`] if the tensor is no image.
pub fn to_rgb(image: &Tensor) -> Result<RgbImage, PipelineError> {
    let size = image.size();
    let (height, width) = (size[size.len() - 2] as u32, size[size.len() - 1] as u32);
    let values = Vec::<f32>::try_from(image.to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view(-1))?;
    Ok(rgb_from_chw(&values, width, height)?)
}
