//! A tokenizer on the whole validation set.

use image::RgbImage;
use tch::Tensor;
use vq_core::{Histogram, Mode};
use vq_experiment::BestBy;
use vq_model::ImageTokenizer;
use vq_pipeline::{CaptionHead, CaptionLikelihood, TokenizerFigures, TokenizerMetrics, image_grid};
use vq_run::{CaptionFigures, GeneratedCaption, Record};

use super::plan::TokenizerPlan;
use crate::{GridView, TrainError, ValidationResult};

/// Images of the grid of reconstructions, and images of a row.
const SHOWN: usize = 32;
const COLUMNS: u32 = 16;

/// Figures of a tokenizer on the whole validation set.
#[derive(Debug)]
pub struct TokenizerValidation {
    /// Image metrics and usage of codes.
    pub figures: TokenizerFigures,
    /// How well captions are predicted from codes, if a module is trained for it.
    pub captions: Option<CaptionFigures>,
    /// Generated captions of the images of the grid.
    pub generated: Vec<GeneratedCaption>,
    /// Originals above reconstructions, spread evenly over the validation set.
    pub grid: RgbImage,
}

impl TokenizerValidation {
    /// Runs the tokenizer and the caption decoder over the validation set.
    ///
    /// # Errors
    /// [`TrainError`] if an image cannot be read or is too small for SSIM's window of 11 pixels.
    pub(super) fn run(
        tokenizer: &ImageTokenizer,
        captions: Option<&CaptionHead>,
        plan: &TokenizerPlan,
    ) -> Result<Self, TrainError> {
        let mut metrics = TokenizerMetrics::new(tokenizer.layout())?;
        let (mut originals, mut reconstructions) = (Vec::new(), Vec::new());
        let (mut likelihood, mut generated) = (CaptionLikelihood::default(), Vec::new());
        let every = plan.image_counts()[1].div_ceil(SHOWN).max(1);
        let _no_gradients = tch::no_grad_guard();
        for batch in plan.validation_batches()? {
            let batch = batch?;
            let images = plan.to_tensor(&batch);
            let result = tokenizer.reconstruct(&images, Mode::Eval)?;
            metrics.update(&result, &images)?;
            let shown: Vec<usize> = (0..batch.count).filter(|&at| batch.indices[at] % every == 0).collect();
            for &position in &shown {
                originals.push(images.get(position as i64));
                reconstructions.push(result.images.get(position as i64));
            }
            let Some(captions) = captions.filter(|captions| captions.translates()) else { continue };
            likelihood.update(captions, &result.quantized.codes, &batch.captions)?;
            if !shown.is_empty() {
                let positions: Vec<i64> = shown.iter().map(|&position| position as i64).collect();
                let positions = Tensor::from_slice(&positions).to_device(images.device());
                let texts = captions.generate(&result.quantized.codes.index_select(0, &positions))?;
                let caption = |(&position, generated): (&usize, String)| GeneratedCaption {
                    image: batch.indices[position],
                    caption: batch.captions[position].clone(),
                    generated,
                };
                generated.extend(shown.iter().zip(texts).map(caption));
            }
        }
        Ok(Self {
            figures: metrics.compute(),
            captions: likelihood.compute(),
            generated,
            grid: image_grid(&Tensor::stack(&originals, 0), &Tensor::stack(&reconstructions, 0), COLUMNS)?,
        })
    }

    /// The mean of an image metric, such as `psnr`; NaN if it is not measured.
    pub fn image_metric(&self, name: &str) -> f64 {
        self.figures.images.get(name).copied().unwrap_or(f64::NAN)
    }
}

impl ValidationResult for TokenizerValidation {
    fn rank(&self, by: BestBy) -> f64 {
        by.image_metric().map_or(f64::NAN, |name| self.image_metric(name))
    }

    fn record(&self, step: u64) -> Record {
        let TokenizerFigures { images, groups, .. } = self.figures.clone();
        Record::Validation { step, images, usage: self.figures.usage(), groups, captions: self.captions }
    }

    fn grid(&self) -> Option<GridView<'_>> {
        Some(GridView { name: "reconstructions", image: &self.grid })
    }

    fn histograms(&self) -> &[Histogram] {
        &self.figures.histograms
    }

    fn captions(&self) -> &[GeneratedCaption] {
        &self.generated
    }
}
