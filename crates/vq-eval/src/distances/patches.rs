//! Small squares cut from images.

use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use crate::random::below;

/// Side of a patch, in pixels.
pub(super) const SIDE: i64 = 7;

/// The top left corners of patches in one image.
#[derive(Debug, Default)]
pub(super) struct Corners {
    rows: Vec<i64>,
    columns: Vec<i64>,
}

impl Corners {
    /// Adds `count` corners, anywhere in an image of this size where a patch fits.
    pub(super) fn draw(&mut self, generator: &mut ChaCha8Rng, [height, width]: [i64; 2], count: usize) {
        for _ in 0..count {
            self.rows.push(below(generator, (height - SIDE + 1) as u64) as i64);
            self.columns.push(below(generator, (width - SIDE + 1) as u64) as i64);
        }
    }

    /// Cuts as many patches from each image of `[B, 3, H, W]`, the corners going image by image: `[P, 3, 7, 7]`.
    pub(super) fn cut(&self, images: &Tensor) -> Tensor {
        let [batch, channels, height, width] = [0, 1, 2, 3].map(|axis| images.size()[axis]);
        let device = images.device();
        let total = self.rows.len() as i64;
        let along = |length: i64| Tensor::arange(length, (Kind::Int64, device));
        let image = along(batch).repeat_interleave_self_int(total / batch, 0, total).view([-1, 1, 1, 1]);
        let corner = |places: &[i64]| Tensor::from_slice(places).to_device(device).view([-1, 1, 1, 1]);
        let channel = along(channels).view([1, -1, 1, 1]);
        let row = corner(&self.rows) + along(SIDE).view([1, 1, -1, 1]);
        let column = corner(&self.columns) + along(SIDE).view([1, 1, 1, -1]);
        images.contiguous().take(&(((image * channels + channel) * height + row) * width + column))
    }
}
