use tch::Tensor;
use vq_data::{EmojiScenes, EpochStream};

use super::words::JudgeLoss;
use super::{JudgeConfig, SceneBatch, SceneJudge};
use crate::lap::Lap;
use crate::{Adam, Record, TrainError, Watch};

impl SceneJudge {
    /// Learns from the scenes of a world; whether it came to the end.
    ///
    /// Scenes come as a loader would bring them, epoch by epoch in an order of the seed. They are made here, since picture
    /// and truth are made at once.
    pub(super) fn learn(&mut self, world: &EmojiScenes, watch: &mut dyn Watch) -> Result<bool, TrainError> {
        let JudgeConfig { seed, steps, log_every, ref data, ref optimizer, ref schedule, .. } = self.header.config;
        let mut adam = Adam::new(&self.store, optimizer.clone())?;
        let mut order = EpochStream::new(world.config().length, seed)?;
        let mut lap = Lap::begin();
        for step in 1..=steps {
            let first = (step - 1) * data.batch_size as u64;
            let positions = first..first + data.batch_size as u64;
            let batch = SceneBatch::new(positions.map(|position| world.scene(order.at(position) as u64)));
            let learning_rate = schedule.rate(step, steps);
            let taken = self.step(&mut adam, &batch, learning_rate)?;
            taken.check(step)?;
            lap.count(data.batch_size);
            watch.step(step);
            if step % log_every == 0 || step == steps {
                watch.record(&taken.record(step, learning_rate, lap.finish()));
            }
            if watch.wants_stop() && step < steps {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn step(&self, adam: &mut Adam, batch: &SceneBatch, learning_rate: f64) -> Result<Taken, TrainError> {
        let device = self.store.device();
        let factor = self.header.config.network.factor() as u32;
        let targets = self.words.targets(&batch.truths, factor, device)?;
        let opinion = self.network.forward(&batch.images.to_device(device))?;
        let loss = targets.loss(&opinion);
        let gradient = adam.gradient(&loss.total())?;
        let JudgeLoss { presence, color, place } = loss;
        let figures = Tensor::stack(&[presence.detach(), color.detach(), place.detach(), gradient.norm()], 0);
        adam.step(gradient, learning_rate, &figures.isfinite().all());
        let [presence, color, place, gradient_norm] = [0, 1, 2, 3].map(|at| figures.double_value(&[at]));
        Ok(Taken { presence, color, place, gradient_norm })
    }
}

/// What a step was.
struct Taken {
    presence: f64,
    color: f64,
    place: f64,
    gradient_norm: f64,
}

impl Taken {
    fn check(&self, step: u64) -> Result<(), TrainError> {
        let Self { presence, color, place, gradient_norm } = self;
        let figures = [("presence", presence), ("color", color), ("place", place), ("gradient_norm", gradient_norm)];
        match figures.into_iter().find(|(_, value)| !value.is_finite()) {
            None => Ok(()),
            Some((name, value)) => Err(TrainError::NotFinite {
                step,
                skipped: 1,
                reason: format!("`{name}` is {value}"),
                advice: "try a lower `schedule.learning_rate`",
            }),
        }
    }

    fn record(&self, step: u64, learning_rate: f64, images_per_second: f64) -> Record {
        let Self { presence, color, place, gradient_norm } = *self;
        let terms = [("presence", presence), ("color", color), ("place", place)];
        Record::Train {
            step,
            loss: presence + color + place,
            reconstruction: None,
            codebook: None,
            learning_rate,
            images_per_second,
            gradient_norm: Some(gradient_norm),
            terms: terms.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }
}
