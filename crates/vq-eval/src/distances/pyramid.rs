//! Laplacian pyramids of images.

use tch::Tensor;

/// Binomial weights of the filter along one axis, in sixteenths (Burt and Adelson 1983, with `a = 0.375`).
const FILTER: [f64; 5] = [1.0, 4.0, 6.0, 4.0, 1.0];

/// Sizes of the levels of a pyramid, finest first. Sides are halved while both are even and no half is below `smallest`.
pub(super) fn level_sizes([mut height, mut width]: [i64; 2], smallest: i64) -> Vec<[i64; 2]> {
    let mut sizes = vec![[height, width]];
    while height % 2 == 0 && width % 2 == 0 && height.min(width) / 2 >= smallest {
        (height, width) = (height / 2, width / 2);
        sizes.push([height, width]);
    }
    sizes
}

/// The Laplacian pyramid (Burt and Adelson 1983) of images `[B, C, H, W]` with a number of levels, finest first.
///
/// Each level but the last is the image minus its blurred, halved and expanded copy; the last level is the remaining
/// image. Borders are reflected.
pub(super) fn laplacian_pyramid(images: &Tensor, levels: usize) -> Vec<Tensor> {
    let mut pyramid = Vec::with_capacity(levels);
    let mut image = images.shallow_clone();
    for _ in 1..levels {
        let half = blurred(&image, 16.0).slice(2, None, None, 2).slice(3, None, None, 2);
        pyramid.push(&image - expanded(&half));
        image = half;
    }
    pyramid.push(image);
    pyramid
}

/// Doubles the size: zeros between the pixels, then the filter with twice the weight along each axis.
fn expanded(images: &Tensor) -> Tensor {
    let [batch, channels, height, width] = [0, 1, 2, 3].map(|axis| images.size()[axis]);
    let spread = images.reshape([batch, channels, height, 1, width, 1]).constant_pad_nd([0, 1, 0, 0, 0, 1]);
    blurred(&spread.view([batch, channels, 2 * height, 2 * width]), 8.0)
}

/// The filter divided by `divisor` along both axes of `[B, C, H, W]`.
fn blurred(images: &Tensor, divisor: f64) -> Tensor {
    let size = images.size();
    let filter = Tensor::from_slice(&FILTER).to_kind(images.kind()).to_device(images.device()) / divisor;
    let planes = images.reshape([-1, 1, size[2], size[3]]).reflection_pad2d([2; 4]);
    let rows = planes.conv2d(&filter.view([1, 1, 5, 1]), None::<Tensor>, 1, 0, 1, 1);
    rows.conv2d(&filter.view([1, 1, 1, 5]), None::<Tensor>, 1, 0, 1, 1).view(&size[..])
}
