//! The alarm on code usage.

use tch::{Device, Kind, Tensor};
use vq_core::{Layout, Slot};
use vq_experiment::UsageGuard;

/// Counts the codes of the current window.
///
/// `vq_core::UsageWindow` slides over batches and checks every id, which waits for the device at each step, and it
/// cannot be saved. Here ids come from the quantizer itself, and only one count per code is saved.
#[derive(Debug)]
pub(super) struct UsageAlarm {
    config: UsageGuard,
    groups: Vec<Slot>,
    /// `[K]`, `Int64`: how often each code was chosen in the window.
    counts: Tensor,
    /// Steps of the window so far, skipped ones included.
    steps: u64,
}

/// A group with too low usage.
#[derive(Debug)]
pub(super) struct LowUsage {
    pub(super) group: Slot,
    /// Share of the group's codes that were used.
    pub(super) share: f64,
    /// `[M]`, `Int64`, ids of codes that were not used.
    pub(super) unused: Tensor,
}

impl UsageAlarm {
    pub(super) fn new(config: UsageGuard, layout: &Layout, device: Device) -> Self {
        let groups = layout.groups().into_iter().cloned().collect();
        Self { config, groups, counts: Tensor::zeros([layout.codes], (Kind::Int64, device)), steps: 0 }
    }

    pub(super) fn config(&self) -> &UsageGuard {
        &self.config
    }

    /// Counts the ids `[B, H, W, S]` of a step's micro-batches, unless `all_finite`, a `Bool` scalar, is false.
    pub(super) fn count(&mut self, batches: &[Tensor], all_finite: &Tensor) {
        self.steps += 1;
        for ids in batches {
            let ids = ids.reshape(-1);
            let ones = all_finite.to_kind(Kind::Int64).expand(ids.size(), false);
            let _ = self.counts.scatter_add_(0, &ids, &ones);
        }
    }

    /// At the end of a window, returns the groups with too low usage and starts a new window; waits for the device.
    pub(super) fn check(&mut self) -> Vec<LowUsage> {
        if self.steps < self.config.window {
            return Vec::new();
        }
        let mut low = Vec::new();
        for group in &self.groups {
            let size = group.codes.end - group.codes.start;
            let unused = self.counts.narrow(0, group.codes.start, size).eq(0).nonzero().flatten(0, 1); // [M]
            let share = 1.0 - unused.numel() as f64 / size as f64;
            if share < self.config.min_share {
                low.push(LowUsage { group: group.clone(), share, unused: unused + group.codes.start });
            }
        }
        let _ = self.counts.zero_();
        self.steps = 0;
        low
    }

    /// Counts `[K]`, `Int64`, to be saved.
    pub(super) fn counts(&self) -> &Tensor {
        &self.counts
    }

    /// Steps of the window so far.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Continues a window that was saved.
    pub(super) fn restore(&mut self, counts: &Tensor, steps: u64) {
        tch::no_grad(|| self.counts.copy_(counts));
        self.steps = steps;
    }
}
