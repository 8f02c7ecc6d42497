//! A tokenizer at the size of its images, for generators.

use tch::{Device, Kind, Tensor, nn};
use vq_core::{Mode, Slot};
use vq_data::{Segmentation, chw_from_rgb, segmentation_image};
use vq_experiment::{ConfigError, GeneratorExperiment, Weights};
use vq_generate::{Conditioning, Generator, Grid, IdSource, TokenGrid};
use vq_model::Precision;

use crate::{Checkpoint, PipelineError, TokenizerState};

/// Of ids on the CPU.
const INDEX_CPU: (Kind, Device) = (Kind::Int64, Device::Cpu);

/// A tokenizer, and the grid of ids of an image of a given size.
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
    /// The tokenizer of a checkpoint, for images of `size` pixels; by default of the size of training.
    ///
    /// # Errors
    /// [`PipelineError::File`] if the checkpoint does not fit; [`PipelineError::Config`] if the size is not a multiple of the
    /// tokenizer's factor.
    pub fn new(
        checkpoint: &Checkpoint,
        weights: Weights,
        size: Option<u32>,
        device: Device,
    ) -> Result<Self, PipelineError> {
        let state = TokenizerState::load_weights(checkpoint, device, weights)?;
        let size = size.unwrap_or(checkpoint.header().experiment.data.transform.size);
        let factor = state.tokenizer.factor();
        if size == 0 || i64::from(size) % factor != 0 {
            let expected = format!("a multiple of {factor}, the tokenizer's factor");
            return Err(ConfigError::value("data.transform.size", expected, size).into());
        }
        let side = i64::from(size) / factor;
        let grid = TokenGrid { grid: Grid { rows: side, columns: side }, layout: state.tokenizer.layout().clone() };
        Ok(Self { state, grid, size, device })
    }

    /// The codes of each slot's ids, `S` tensors `[V, C]`: those of a position where every other slot has its first id.
    ///
    /// # Errors
    /// Those of [`vq_model::ImageTokenizer::codes`].
    pub fn codes(&self) -> Result<Vec<Tensor>, PipelineError> {
        let slots = &self.grid.layout.slots;
        let firsts: Vec<i64> = slots.iter().map(|slot| slot.codes.start).collect();
        let of_slot = |(number, slot): (usize, &Slot)| {
            let count = slot.codes.end - slot.codes.start;
            let ids = Tensor::from_slice(&firsts).repeat([count, 1]); // [V, S]
            ids.select(1, number as i64).copy_(&Tensor::arange_start(slot.codes.start, slot.codes.end, INDEX_CPU));
            let codes = self.state.tokenizer.codes(&ids.view([count, 1, 1, -1]).to_device(self.device))?;
            Ok(codes.flatten(1, 3))
        };
        tch::no_grad(|| slots.iter().enumerate().map(of_slot).collect())
    }

    /// A generator of such grids, with random parameters in `store`.
    ///
    /// # Errors
    /// [`PipelineError::Generate`] if it cannot be built as configured.
    pub fn generator(
        &self,
        store: &nn::VarStore,
        conditioning: &Conditioning<'_>,
        experiment: &GeneratorExperiment,
    ) -> Result<Generator, PipelineError> {
        let config = &experiment.generator;
        let codes = match config.ids {
            IdSource::Learned => None,
            IdSource::Codes => Some(self.codes()?),
        };
        let mut generator = Generator::new(&store.root(), &self.grid, codes.as_deref(), conditioning, config)?;
        generator.set_compute_dtype(match experiment.train.precision {
            Precision::F32 => Kind::Float,
            Precision::Bf16 => Kind::BFloat16,
        });
        Ok(generator)
    }

    /// Ids `[B, H, W, S]` of images `[B, 3, S, S]`.
    ///
    /// # Errors
    /// Those of [`vq_model::ImageTokenizer::quantize`].
    pub fn encode(&self, images: &Tensor) -> Result<Tensor, PipelineError> {
        let images = images.to_device(self.device);
        Ok(tch::no_grad(|| self.state.tokenizer.quantize(&images, Mode::Eval))?.quantized.indices)
    }

    /// Images `[B, 3, S, S]` of ids `[B, H, W, S]`.
    ///
    /// # Errors
    /// Those of [`vq_model::ImageTokenizer::decode`].
    pub fn decode(&self, ids: &Tensor) -> Result<Tensor, PipelineError> {
        Ok(tch::no_grad(|| self.state.tokenizer.decode(&ids.to_device(self.device)))?)
    }

    /// Ids of segmentations as images in the colours of [`segmentation_image`]; none if an image has no segmentation.
    pub(crate) fn encode_maps(&self, maps: &[Option<Segmentation>]) -> Result<Option<Tensor>, PipelineError> {
        let mut values = Vec::new();
        for map in maps {
            let Some(map) = map else { return Ok(None) };
            let picture = image::DynamicImage::ImageRgba8(segmentation_image(&map.map)).to_rgb8();
            values.extend(chw_from_rgb(&picture));
        }
        let size = i64::from(self.size);
        let pictures = Tensor::f_from_slice(&values)?.f_view([maps.len() as i64, 3, size, size])?;
        self.encode(&pictures).map(Some)
    }
}
