//! Grids of images and their reconstructions.

use tch::Tensor;
use vq_pipeline::image_grid;

#[test]
fn originals_lie_above_reconstructions() {
    let flat =
        |values: &[f32]| Tensor::from_slice(values).view([-1, 1, 1, 1]).expand([-1, 3, 2, 2], false).contiguous();
    // Three images, two in a row; values outside [-1, 1] are clamped.
    let grid = image_grid(&flat(&[-1.0, 0.0, 1.0]), &flat(&[1.0, 1.0, -9.0]), 2).unwrap();
    assert_eq!(grid.dimensions(), (4, 8));
    let level = |x, y| grid.get_pixel(x, y).0[0];
    assert_eq!([level(0, 0), level(2, 0), level(0, 2), level(2, 2)], [0, 128, 255, 255]);
    assert_eq!([level(0, 4), level(0, 6)], [255, 0]);
}
