//! The whole validation set, measured.

use image::RgbImage;
use tch::Tensor;
use vq_core::{Histogram, Mode, Usage, UsageCounter};
use vq_eval::{MsSsim, Psnr, Ssim};
use vq_model::ImageTokenizer;

use crate::captions::CaptionSums;
use crate::metrics_log::GroupRecord;
use crate::{CaptionFigures, CaptionHead, Plan, Record, ToldImage, TrainError, image_grid};

/// Images shown in the grid of reconstructions, and how many stand in a row.
const SHOWN: usize = 32;
const COLUMNS: u32 = 16;

/// Figures of the whole validation set.
#[derive(Debug)]
pub struct Validation {
    /// Mean over images, in dB.
    pub psnr: f64,
    /// Mean over images.
    pub ssim: f64,
    /// Mean over images, over as many scales as the size allows.
    pub ms_ssim: f64,
    /// Use of each group of codes over the whole validation set.
    pub groups: Vec<Usage>,
    /// How often each code was chosen, group by group.
    pub histograms: Vec<Histogram>,
    /// How well captions are told from codes, if a module tells them.
    pub captions: Option<CaptionFigures>,
    /// What it says of the images of the grid.
    pub told: Vec<ToldImage>,
    /// Originals above reconstructions, spread evenly over the validation set.
    pub grid: RgbImage,
}

impl Validation {
    /// Runs the tokenizer over the validation set, and what reads captions.
    ///
    /// # Errors
    /// [`TrainError`] if an image cannot be read or is too small for SSIM's window of 11 pixels.
    pub fn run(tokenizer: &ImageTokenizer, captions: Option<&CaptionHead>, plan: &Plan) -> Result<Self, TrainError> {
        let (mut psnr, mut ssim, mut ms_ssim) = (Psnr::default(), Ssim::default(), MsSsim::default());
        let mut usage = UsageCounter::new(tokenizer.layout())?;
        let (mut originals, mut reconstructions) = (Vec::new(), Vec::new());
        let (mut sums, mut told) = (CaptionSums::default(), Vec::new());
        let every = plan.image_counts()[1].div_ceil(SHOWN).max(1);
        let _no_gradients = tch::no_grad_guard();
        for batch in plan.validation_batches()? {
            let batch = batch?;
            let images = plan.to_tensor(&batch);
            let result = tokenizer.reconstruct(&images, Mode::Eval)?;
            psnr.update(&result.images, &images)?;
            ssim.update(&result.images, &images)?;
            ms_ssim.update(&result.images, &images)?;
            usage.update(&result.quantized.indices)?;
            let shown: Vec<usize> = (0..batch.count).filter(|&at| batch.indices[at] % every == 0).collect();
            for &position in &shown {
                originals.push(images.get(position as i64));
                reconstructions.push(result.images.get(position as i64));
            }
            let Some(captions) = captions.filter(|captions| captions.translates()) else { continue };
            sums.update(captions, &result.quantized.codes, &batch.captions)?;
            if !shown.is_empty() {
                let places: Vec<i64> = shown.iter().map(|&position| position as i64).collect();
                let places = Tensor::from_slice(&places).to_device(images.device());
                let said = captions.tell(&result.quantized.codes.index_select(0, &places))?;
                let told_image = |(&position, told): (&usize, String)| ToldImage {
                    image: batch.indices[position],
                    caption: batch.captions[position].clone(),
                    told,
                };
                told.extend(shown.iter().zip(said).map(told_image));
            }
        }
        Ok(Self {
            psnr: psnr.compute().unwrap_or(f64::NAN),
            ssim: ssim.compute().unwrap_or(f64::NAN),
            ms_ssim: ms_ssim.compute().unwrap_or(f64::NAN),
            groups: usage.compute(),
            histograms: usage.histograms(),
            captions: sums.compute(),
            told,
            grid: image_grid(&Tensor::stack(&originals, 0), &Tensor::stack(&reconstructions, 0), COLUMNS)?,
        })
    }

    /// Share of all codes that are used at least once.
    pub fn usage(&self) -> f64 {
        let sum = |count: fn(&Usage) -> i64| self.groups.iter().map(count).sum::<i64>() as f64;
        sum(|group| group.used) / sum(|group| group.size)
    }

    /// The line for the log.
    pub(crate) fn record(&self, step: u64) -> Record {
        let groups = self.groups.iter().map(GroupRecord::of).collect();
        let Self { psnr, ssim, ms_ssim, .. } = *self;
        let (usage, captions) = (self.usage(), self.captions);
        Record::Validation { step, psnr, ssim, ms_ssim: Some(ms_ssim), usage, groups, captions }
    }
}
