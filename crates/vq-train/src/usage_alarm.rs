//! The alarm on the use of codes.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use vq_core::{Layout, Slot};

use crate::TrainError;

/// When too little use of codes is an alarm, and what is then done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageGuard {
    /// The least share of a group's codes that the steps of a window must use, each at least once.
    pub least: f64,
    /// Steps in a window; windows follow one another, and each is judged at its end.
    #[serde(default = "default_window")]
    pub window: u64,
    /// What is done.
    #[serde(default)]
    pub remedy: UsageRemedy,
}

fn default_window() -> u64 {
    500
}

/// What is done about codes that are not used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UsageRemedy {
    /// An event says so.
    #[default]
    Warn,
    /// The run ends with an error.
    Stop,
    /// Each code that the window did not use is placed on a latent of the step, drawn at random, and what the optimizer
    /// remembers of it is forgotten. Only where codes are learned one by one.
    Revive,
}

impl UsageGuard {
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let refuse = |key, expected: &str, got: String| Err(TrainError::Option { key, expected: expected.into(), got });
        if !(self.least > 0.0 && self.least <= 1.0) {
            return refuse("guards.usage.least", "a number in 0..=1, but not 0", self.least.to_string());
        }
        if self.window == 0 {
            return refuse("guards.usage.window", "at least 1", "0".into());
        }
        Ok(())
    }
}

/// Counts the codes of the window at hand.
///
/// `vq_core::UsageWindow` slides over batches and checks every id, which waits for the device at each step, and it
/// cannot be saved; here ids come from the quantizer itself, and one count of codes is all there is to save.
#[derive(Debug)]
pub(crate) struct UsageAlarm {
    config: UsageGuard,
    groups: Vec<Slot>,
    /// `[K]`, `Int64`: how often each code was chosen in the window.
    counts: Tensor,
    /// Steps of the window so far, skipped ones included.
    steps: u64,
}

/// A group that was used too little.
#[derive(Debug)]
pub(crate) struct LowUsage {
    pub(crate) group: Slot,
    /// Share of the group's codes that were used.
    pub(crate) share: f64,
    /// `[M]`, `Int64`, ids of codes that were not used.
    pub(crate) unused: Tensor,
}

impl UsageAlarm {
    pub(crate) fn new(config: UsageGuard, layout: &Layout, device: Device) -> Self {
        let groups = layout.groups().into_iter().cloned().collect();
        Self { config, groups, counts: Tensor::zeros([layout.codes], (Kind::Int64, device)), steps: 0 }
    }

    pub(crate) fn config(&self) -> &UsageGuard {
        &self.config
    }

    /// Counts the ids `[B, H, W, S]` of a step's micro-batches, unless `consent`, a `Bool` scalar, is false.
    pub(crate) fn count(&mut self, batches: &[Tensor], consent: &Tensor) {
        self.steps += 1;
        for ids in batches {
            let ids = ids.reshape(-1);
            let ones = consent.to_kind(Kind::Int64).expand(ids.size(), false);
            let _ = self.counts.scatter_add_(0, &ids, &ones);
        }
    }

    /// At the end of a window: the groups used too little, and a new window; waits for the device.
    pub(crate) fn judge(&mut self) -> Vec<LowUsage> {
        if self.steps < self.config.window {
            return Vec::new();
        }
        let mut low = Vec::new();
        for group in &self.groups {
            let size = group.codes.end - group.codes.start;
            let unused = self.counts.narrow(0, group.codes.start, size).eq(0).nonzero().flatten(0, 1); // [M]
            let share = 1.0 - unused.numel() as f64 / size as f64;
            if share < self.config.least {
                low.push(LowUsage { group: group.clone(), share, unused: unused + group.codes.start });
            }
        }
        let _ = self.counts.zero_();
        self.steps = 0;
        low
    }

    /// Counts `[K]`, `Int64`, to be saved.
    pub(crate) fn counts(&self) -> &Tensor {
        &self.counts
    }

    /// Steps of the window so far.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Goes on with a window that was saved.
    pub(crate) fn restore(&mut self, counts: &Tensor, steps: u64) {
        tch::no_grad(|| self.counts.copy_(counts));
        self.steps = steps;
    }
}
