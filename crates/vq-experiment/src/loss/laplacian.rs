//! The distance of Laplacian pyramids.

use tch::Tensor;

use super::image_loss::ImageLoss;
use crate::ConfigError;

/// Binomial weights of the pyramid's filter along one axis (Burt and Adelson 1983, with `a = 0.375`).
const FILTER: [f64; 5] = [0.0625, 0.25, 0.375, 0.25, 0.0625];

/// The largest number of bands; the rest of the image lies below them.
const BANDS: usize = 5;

/// The smallest side that is split into a band and a half: the filter must not cross the reflected border twice.
pub(super) const SMALLEST: i64 = 8;

/// The term of [`laplacian_l1`].
#[derive(Debug)]
pub(super) struct Laplacian;

impl ImageLoss for Laplacian {
    fn name(&self) -> &'static str {
        "laplacian"
    }

    fn smallest(&self) -> i64 {
        SMALLEST
    }

    fn compute(&self, reconstructions: &Tensor, originals: &Tensor) -> Result<Tensor, ConfigError> {
        laplacian_l1(reconstructions, originals)
    }
}

/// L1 distance of Laplacian pyramids, a scalar on the autograd graph, between images `[B, C, H, W]` with `H, W >= 8`.
///
/// The sum over levels of the mean absolute difference (Bojanowski et al. 2018, arXiv 1707.05776, Lap1).
/// The paper weights the sum of absolute differences of level `j` by `2^(2j)`. The level has `2^(2j)` times fewer
/// elements than the image, so this is the plain sum of means, times the number of elements of an image.
/// Levels are frequency bands (Burt and Adelson 1983), up to 5 while the shorter side is at least 8, and the blurred
/// rest:
/// 4 levels for 32 pixels, 5 for 64, 6 from 128 on.
/// Borders are reflected.
///
/// # Errors
/// [`ConfigError::Shape`] if the shapes differ, or the images are too small.
pub fn laplacian_l1(images: &Tensor, references: &Tensor) -> Result<Tensor, ConfigError> {
    let size = images.size();
    match size[..] {
        [_, channels, height, width]
            if channels > 0 && height >= SMALLEST && width >= SMALLEST && references.size() == size => {}
        _ => {
            return Err(ConfigError::Shape {
                op: "laplacian_l1",
                expected: format!("two batches [B, C, H, W] of one shape with H, W >= {SMALLEST}"),
                got: vec![size, references.size()],
            });
        }
    }
    // The pyramid is linear: the pyramid of the difference is the difference of the pyramids.
    let difference = images - references;
    let filter = Tensor::from_slice(&FILTER).to_kind(difference.kind()).to_device(difference.device());
    let mut rest = difference.view([-1, 1, size[2], size[3]]); // [B * C, 1, H, W]
    let mut distance = Tensor::zeros([], (difference.kind(), difference.device()));
    for _ in 0..BANDS {
        let [height, width] = sides(&rest);
        if height.min(width) < SMALLEST {
            break;
        }
        let half = blur(&rest, &filter).slice(2, None, None, 2).slice(3, None, None, 2);
        let band = &rest - expand(&half, [height, width], &filter);
        distance += band.abs().mean(band.kind());
        rest = half;
    }
    Ok(distance + rest.abs().mean(rest.kind()))
}

/// Doubles the size: zeros between the pixels, then the filter times four.
fn expand(half: &Tensor, [height, width]: [i64; 2], filter: &Tensor) -> Tensor {
    let [rows, columns] = sides(half);
    let spread = half.view([-1, rows, 1, columns, 1]).constant_pad_nd([0, 1, 0, 0, 0, 1]); // [N, h, 2, w, 2]
    let spread = spread.view([-1, 1, 2 * rows, 2 * columns]).narrow(2, 0, height).narrow(3, 0, width);
    blur(&spread, &(filter * 2.0))
}

/// Planes `[N, 1, H, W]`, filtered along both axes.
fn blur(planes: &Tensor, filter: &Tensor) -> Tensor {
    let padded = planes.reflection_pad2d([2; 4]);
    let rows = padded.conv2d(&filter.view([1, 1, 5, 1]), None::<Tensor>, 1, 0, 1, 1);
    rows.conv2d(&filter.view([1, 1, 1, 5]), None::<Tensor>, 1, 0, 1, 1)
}

fn sides(planes: &Tensor) -> [i64; 2] {
    let size = planes.size();
    [size[2], size[3]]
}
