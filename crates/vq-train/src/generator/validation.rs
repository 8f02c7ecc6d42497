//! A generator on the whole validation set, and samples of it.

use image::RgbImage;
use tch::Tensor;
use vq_core::{Layout, Mode, Slot};
use vq_experiment::{BestBy, SamplesConfig};
use vq_generate::{Generator, GeneratorBatch, SampleRequest};
use vq_pipeline::{RngGuard, TokenizedBatch, image_grid};
use vq_run::{Record, SlotRecord};

use super::plan::GeneratorPlan;
use crate::{GridView, TrainError, ValidationResult};

/// Images of a row of the grid.
const COLUMNS: u32 = 16;

/// Figures of a generator on the validation set.
#[derive(Debug)]
pub struct GeneratorValidation {
    /// Nats per id, mean over the predicted ids: all ids for an autoregressive generator, the masked ones for a masked
    /// generator, whose masks are the same at each validation.
    pub nats_per_id: f64,
    /// The same for each slot.
    pub slots: Vec<SlotRecord>,
    /// Reconstructions of some validation images above samples with the same conditions.
    pub grid: RgbImage,
}

/// The seed of the masks of a validation.
const MASKS: u64 = 0;

impl GeneratorValidation {
    /// Runs the generator over the validation set, and draws samples.
    pub(super) fn run(generator: &Generator, plan: &GeneratorPlan) -> Result<Self, TrainError> {
        let _no_gradients = tch::no_grad_guard();
        let experiment = &plan.setup.experiment;
        let SamplesConfig { count, seed, config } = &experiment.samples;
        let every = plan.image_counts()[1].div_ceil(*count).max(1);
        let layout = &plan.tokens.grid.layout;
        let mut sums = vec![0.0; layout.slots.len()];
        let mut counts = vec![0.0; layout.slots.len()];
        let (mut shown, mut seen) = (Vec::new(), 0);
        let guard = RngGuard::seeded(MASKS);
        for draw in plan.sets.validation_batches(experiment.tokens.batch_size, plan.device)? {
            let batch = plan.tokenize(draw?)?;
            let images = batch.captions.len();
            let positions: Vec<usize> = (0..images).filter(|position| (seen + position) % every == 0).collect();
            seen += images;
            if !positions.is_empty() {
                shown.push(batch.select(&positions)?);
            }
            let condition = plan.conditioner.of_batch(&batch)?;
            let batch = GeneratorBatch { ids: batch.ids.to_device(plan.device), condition };
            let loss = generator.loss(&batch, Mode::Eval)?;
            let of_slots = Vec::<f64>::try_from(loss.slots.to_kind(tch::Kind::Double).to_device(tch::Device::Cpu))?;
            let of_counts = Vec::<i64>::try_from(loss.counts.to_device(tch::Device::Cpu))?;
            for (slot, (mean, of)) in of_slots.into_iter().zip(of_counts).enumerate() {
                sums[slot] += mean * of as f64;
                counts[slot] += of as f64;
            }
        }
        drop(guard);
        let shown = TokenizedBatch::join(&shown);
        let condition = plan.conditioner.of_batch(&shown)?;
        let seeds: Vec<u64> = (0..shown.captions.len() as u64).map(|image| seed.wrapping_add(image)).collect();
        let sampled = generator.sample(&SampleRequest { seeds: &seeds, condition: &condition, known: None }, config)?;
        let images = |ids: &Tensor| plan.tokens.decode(ids);
        let slots = slot_names(layout).into_iter().zip(sums.iter().zip(&counts));
        Ok(Self {
            nats_per_id: sums.iter().sum::<f64>() / counts.iter().sum::<f64>(),
            slots: slots.map(|(slot, (sum, of))| SlotRecord { slot, nats_per_id: sum / of }).collect(),
            grid: image_grid(&images(&shown.ids)?, &images(&sampled.ids)?, COLUMNS)?,
        })
    }

    /// The exponential of the nats per id.
    pub fn perplexity(&self) -> f64 {
        self.nats_per_id.exp()
    }
}

/// The group of each slot, with a number if the group has several.
fn slot_names(layout: &Layout) -> Vec<String> {
    let slots = &layout.slots;
    let of_group = |group: &str, until: usize| slots[..until].iter().filter(|slot| slot.group == group).count();
    let name = |(number, slot): (usize, &Slot)| match of_group(&slot.group, slots.len()) {
        1 => slot.group.clone(),
        _ => format!("{} {}", slot.group, of_group(&slot.group, number) + 1),
    };
    slots.iter().enumerate().map(name).collect()
}

impl ValidationResult for GeneratorValidation {
    fn rank(&self, _by: BestBy) -> f64 {
        -self.nats_per_id
    }

    fn record(&self, step: u64) -> Record {
        let (nats_per_id, perplexity) = (self.nats_per_id, self.perplexity());
        Record::Generation { step, nats_per_id, perplexity, slots: self.slots.clone() }
    }

    fn grid(&self) -> Option<GridView<'_>> {
        Some(GridView { name: "samples", image: &self.grid })
    }
}
