//! A tokenizer at the size of its images, for generators.

use tch::{Device, Tensor};
use vq_core::Mode;
use vq_data::{Segmentation, chw_from_rgb, map_picture};
use vq_generate::{Grid, TokenGrid};

use crate::{Checkpoint, TokenizerState, TrainError, Weights};

/// A tokenizer, and the grid of ids that it makes of an image of a size.
#[derive(Debug)]
pub struct ImageTokens {
    /// The tokenizer.
    pub state: TokenizerState,
    /// The grid.
    pub grid: TokenGrid,
    /// Height and width of an image in pixels.
    pub size: u32,
    device: Device,
}

impl ImageTokens {
    /// The tokenizer of a checkpoint, for images of `size` pixels; of the size of training, if none is given.
    pub(crate) fn new(
        checkpoint: &Checkpoint,
        weights: Weights,
        size: Option<u32>,
        device: Device,
    ) -> Result<Self, TrainError> {
        let state = TokenizerState::restore_with(checkpoint, device, weights)?;
        let size = size.unwrap_or(checkpoint.header().experiment.data.transform.size);
        let factor = state.tokenizer.factor();
        if size == 0 || i64::from(size) % factor != 0 {
            let expected = format!("a multiple of {factor}, the tokenizer's factor");
            return Err(TrainError::Option { key: "data.transform.size", expected, got: size.to_string() });
        }
        let side = i64::from(size) / factor;
        let grid = TokenGrid { grid: Grid { rows: side, columns: side }, layout: state.tokenizer.layout().clone() };
        Ok(Self { state, grid, size, device })
    }

    /// Ids `[B, H, W, S]` of images `[B, 3, S, S]`.
    ///
    /// # Errors
    /// Those of [`vq_model::ImageTokenizer::quantize`].
    pub fn encode(&self, images: &Tensor) -> Result<Tensor, TrainError> {
        let images = images.to_device(self.device);
        Ok(tch::no_grad(|| self.state.tokenizer.quantize(&images, Mode::Eval))?.quantized.indices)
    }

    /// Images `[B, 3, S, S]` of ids `[B, H, W, S]`.
    ///
    /// # Errors
    /// Those of [`vq_model::ImageTokenizer::decode`].
    pub fn decode(&self, ids: &Tensor) -> Result<Tensor, TrainError> {
        Ok(tch::no_grad(|| self.state.tokenizer.decode(&ids.to_device(self.device)))?)
    }

    /// Ids of segmentations of `size`, as pictures in the colours of [`map_picture`]; none if an image has none.
    pub(crate) fn encode_maps(&self, maps: &[Option<Segmentation>]) -> Result<Option<Tensor>, TrainError> {
        let mut values = Vec::new();
        for map in maps {
            let Some(map) = map else { return Ok(None) };
            let picture = image::DynamicImage::ImageRgba8(map_picture(&map.map)).to_rgb8();
            values.extend(chw_from_rgb(&picture));
        }
        let size = i64::from(self.size);
        let pictures = Tensor::f_from_slice(&values)?.f_view([maps.len() as i64, 3, size, size])?;
        self.encode(&pictures).map(Some)
    }
}
