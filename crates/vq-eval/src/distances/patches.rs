//! Small squares cut from images.

use tch::{Kind, Tensor};
use vq_random::RandomStream;

/// Side of a patch, in pixels.
pub(super) const SIDE: i64 = 7;

/// The top left corners of patches in one image.
#[derive(Debug, Default)]
pub(super) struct Corners {
    rows: Vec<i64>,
    columns: Vec<i64>,
}

impl Corners {
    /// Adds `count` random corners in an image of this size, such that each patch fits.
    pub(super) fn draw(&mut self, stream: &mut RandomStream, [height, width]: [i64; 2], count: usize) {
        for _ in 0..count {
            self.rows.push(stream.below((height - SIDE + 1) as u64) as i64);
            self.columns.push(stream.below((width - SIDE + 1) as u64) as i64);
        }
    }

    /// Cuts the patches from images `[B, 3, H, W]`: `[P, 3, 7, 7]`. The corners lie image by image, equally many for each.
    pub(super) fn cut(&self, images: &Tensor) -> Tensor {
        let [batch, channels, height, width] = [0, 1, 2, 3].map(|axis| images.size()[axis]);
        let device = images.device();
        let total = self.rows.len() as i64;
        let along = |length: i64| Tensor::arange(length, (Kind::Int64, device));
        let image = along(batch).repeat_interleave_self_int(total / batch, 0, total).view([-1, 1, 1, 1]);
        let corner = |positions: &[i64]| Tensor::from_slice(positions).to_device(device).view([-1, 1, 1, 1]);
        let channel = along(channels).view([1, -1, 1, 1]);
        let row = corner(&self.rows) + along(SIDE).view([1, 1, -1, 1]);
        let column = corner(&self.columns) + along(SIDE).view([1, 1, 1, -1]);
        images.contiguous().take(&(((image * channels + channel) * height + row) * width + column))
    }
}
