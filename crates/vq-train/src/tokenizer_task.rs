//! A tokenizer as what a run trains.

use tch::{Device, Tensor};
use vq_core::{Histogram, Seen};
use vq_data::Batch;

use crate::checkpoint_header::{DISCRIMINATOR, TOKENIZER};
use crate::opponent::Opponent;
use crate::randomness::{Turn, mix};
use crate::revival::revive;
use crate::step::{Learner, MicroBatch, StepInputs, Taken};
use crate::task::{Batches, Course, Measured, NextBatch, Pictures, SaveCheckpoint, StepAt, Task, Watched};
use crate::usage_alarm::UsageAlarm;
use crate::{
    Adam, BestBy, Checkpoint, CheckpointContents, CheckpointHeader, Event, Experiment, Learn, Plan, Record,
    TokenizerState, ToldImage, TrainError, UsageRemedy, Validation, WeightAverage, Weights,
};

/// Bits that keep the seeds of other draws apart from those of forward passes, which are the numbers of micro-batches.
const REVIVAL: u64 = 1 << 63;
const UPDATE: u64 = 1 << 62;

/// A tokenizer that learns.
pub(crate) struct TokenizerTask {
    pub(crate) plan: Plan,
    pub(crate) state: TokenizerState,
    learner: Learner,
    alarm: Option<UsageAlarm>,
}

impl TokenizerTask {
    pub(crate) fn new(plan: Plan, state: TokenizerState) -> Result<Self, TrainError> {
        let learner = Learner::new(&plan, &state)?;
        let guard = plan.experiment.guards.usage.clone();
        let alarm = guard.map(|guard| UsageAlarm::new(guard, state.tokenizer.layout(), plan.device));
        Ok(Self { plan, state, learner, alarm })
    }
}

impl Task for TokenizerTask {
    type Experiment = Experiment;
    type Batch = Batch;
    type Validation = Validation;

    fn trained(&self) -> Experiment {
        self.plan.experiment.clone()
    }

    fn course(&self) -> Course<'_> {
        let Experiment { seed, schedule, train, guards, .. } = &self.plan.experiment;
        Course { seed: *seed, schedule, train, guards, best_by: train.best_by.unwrap_or(BestBy::Psnr) }
    }

    fn device(&self) -> Device {
        self.plan.device
    }

    fn batches(&self, first: u64) -> Result<Batches<Batch>, TrainError> {
        Ok(Box::new(self.plan.train_batches(first)?.map(|batch| Ok(batch?))))
    }

    fn count(batch: &Batch) -> usize {
        batch.count
    }

    fn step(&mut self, at: StepAt, next: &mut NextBatch<'_, Batch>) -> Result<Taken, TrainError> {
        let plan = &self.plan;
        let inputs = StepInputs {
            tokenizer: &self.state.tokenizer,
            captions: self.state.captions.as_ref(),
            learns: plan.learns(),
            step: at.step,
            accumulate: plan.experiment.train.accumulate,
            learning_rate: at.learning_rate,
        };
        self.learner.step(&inputs, || {
            let drawn = next()?;
            let (batch, seed) = (drawn.batch, drawn.seed);
            Ok(MicroBatch { images: plan.to_tensor(&batch), captions: batch.captions, seed })
        })
    }

    fn went_well(&mut self, taken: &Taken, micro_batches: u64) -> Result<(), TrainError> {
        if !self.plan.experiment.quantizer.learns_by_updates() || self.plan.learns() == Learn::Captions {
            return Ok(());
        }
        let (latents, indices) = (Tensor::cat(&taken.latents, 0), Tensor::cat(&taken.ids, 0));
        let _turn = Turn::seeded(mix(self.plan.experiment.seed, UPDATE | micro_batches));
        self.state.tokenizer.update(&Seen { latents: &latents, indices: &indices, mask: None })?;
        Ok(())
    }

    /// Counts the codes of a step; at the end of a window, says which groups were used too little, and helps.
    fn watch(&mut self, taken: &Taken, at: StepAt, micro_batches: u64) -> Result<Watched, TrainError> {
        let mut watched = Watched::default();
        let Some(alarm) = &mut self.alarm else { return Ok(watched) };
        alarm.count(&taken.ids, &taken.consent);
        let (remedy, least) = (alarm.config().remedy, alarm.config().least);
        for low in alarm.judge() {
            let group = low.group.group.clone();
            let revived = match (remedy, &taken.latents[..]) {
                (UsageRemedy::Revive, [.., latents]) => {
                    let _turn = Turn::seeded(mix(self.plan.experiment.seed, REVIVAL | micro_batches));
                    let layout = self.state.tokenizer.layout();
                    revive(&mut self.learner, layout, &low.group, &low.unused, latents)?
                }
                _ => 0,
            };
            let share = low.share;
            watched.events.push(Event::LowUsage { group: group.clone(), share, remedy, revived });
            if remedy == UsageRemedy::Stop {
                watched.fatal = Some(TrainError::Collapsed { step: at.step, group, least, share });
                break;
            }
        }
        Ok(watched)
    }

    fn measure(&self) -> Result<Validation, TrainError> {
        let run = || Validation::run(&self.state.tokenizer, self.state.captions.as_ref(), &self.plan);
        match &self.learner.average {
            Some(average) => average.lend(&self.learner.adam, run),
            None => run(),
        }
    }

    fn save(&self, header: CheckpointHeader, save: &mut SaveCheckpoint<'_, Experiment>) -> Result<(), TrainError> {
        let opponent = self.learner.opponent.as_ref();
        let optimizers: Vec<(&str, &Adam)> = [(TOKENIZER, &self.learner.adam)]
            .into_iter()
            .chain(opponent.map(|opponent| (DISCRIMINATOR, &opponent.adam)))
            .collect();
        let header = CheckpointHeader {
            optimizer_steps: optimizers.iter().map(|&(name, adam)| (name.to_owned(), adam.steps())).collect(),
            usage_steps: self.alarm.as_ref().map_or(0, UsageAlarm::steps),
            ..header
        };
        save(&CheckpointContents {
            header: &header,
            prior: self.state.prior.as_ref(),
            language: self.state.captions.as_ref().map(|captions| captions.language().as_ref()),
            store: &self.state.store,
            adversary: opponent.map(|opponent| &opponent.adversary),
            optimizers: &optimizers,
            average: self.learner.average.as_ref().map(|average| (average, &self.learner.adam)),
            usage: self.alarm.as_ref().map(UsageAlarm::counts),
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        checkpoint.restore_model(&self.state.store, Weights::Raw)?;
        checkpoint.restore_optimizer(TOKENIZER, &mut self.learner.adam)?;
        if let Some(opponent) = &mut self.learner.opponent {
            checkpoint.restore_adversary(&mut opponent.adversary)?;
            checkpoint.restore_optimizer(DISCRIMINATOR, &mut opponent.adam)?;
        }
        if let Some(average) = &mut self.learner.average {
            checkpoint.restore_average(average, &self.learner.adam)?;
        }
        if let Some(alarm) = &mut self.alarm
            && let Some(counts) = checkpoint.usage(self.state.tokenizer.layout().codes)?
        {
            alarm.restore(&counts, checkpoint.header().usage_steps);
        }
        Ok(())
    }
}

impl Learner {
    fn new(plan: &Plan, state: &TokenizerState) -> Result<Self, TrainError> {
        let adam = Adam::new(&state.store, plan.experiment.optimizer.clone())?;
        let average = plan.experiment.train.ema.map(|decay| WeightAverage::new(&adam, decay));
        let loss = plan.experiment.loss.build(plan.device)?;
        let adversarial = plan.experiment.adversarial.clone();
        let opponent = adversarial.map(|config| Opponent::new(config, &plan.experiment, plan.device)).transpose()?;
        Ok(Self { loss, adam, average, opponent })
    }
}

impl Measured for Validation {
    fn figure(&self, by: BestBy) -> f64 {
        match by {
            BestBy::Psnr => self.psnr,
            BestBy::Ssim => self.ssim,
            BestBy::MsSsim => self.ms_ssim,
            BestBy::Likelihood => f64::NAN, // refused where the experiment is checked
        }
    }

    fn record(&self, step: u64) -> Record {
        Self::record(self, step)
    }

    fn pictures(&self) -> Pictures<'_> {
        Pictures { name: "reconstructions", grid: &self.grid }
    }

    fn histograms(&self) -> &[Histogram] {
        &self.histograms
    }

    fn told(&self) -> &[ToldImage] {
        &self.told
    }
}
