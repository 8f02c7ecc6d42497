//! How much of a codebook is used.

use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use crate::histogram::{count, histograms, zero_counts};
use crate::{CoreError, Histogram, Layout};

/// Use of one group of codes over everything that was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// The group's name.
    pub group: String,
    /// Codes in the group.
    pub size: i64,
    /// Codes chosen at least once.
    pub used: i64,
    /// `exp(-sum p ln p)` over the group's histogram `p`: 1 if one code takes all, `size` if all are equal.
    /// Zero if nothing was counted.
    pub perplexity: f64,
    /// Gini coefficient of the counts, as [`Histogram::gini`] says: 0 if all are equal, near 1 if one code takes all.
    pub gini: f64,
}

impl Usage {
    /// Share of the codes chosen at least once, in `0..=1`.
    pub fn share(&self) -> f64 {
        self.used as f64 / self.size as f64
    }

    /// Dead codes: those never chosen.
    pub fn dead(&self) -> i64 {
        self.size - self.used
    }
}

/// Counts how often each code is chosen, over everything that it is shown.
///
/// The figures depend on what is counted: state it. Shown a whole validation set, these are the set's figures; shown
/// one batch, that batch's. For a moving window of batches, see [`UsageWindow`](crate::UsageWindow).
/// A code is used if it was chosen at least once in what was counted, dead if not; larger sets use more codes.
#[derive(Debug)]
pub struct UsageCounter {
    layout: Layout,
    counts: Tensor,
}

impl UsageCounter {
    /// Starts at zero for all codes of `layout`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if there are more than `2^28` codes, since each has a counter: split the bits of LFQ or BSQ
    /// into several ids per position.
    pub fn new(layout: &Layout) -> Result<Self, CoreError> {
        Ok(Self { layout: layout.clone(), counts: zero_counts("UsageCounter::new", layout)? })
    }

    /// Counts ids `[B, H, W, S]`.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Kind`] or [`CoreError::Id`] if the ids do not fit the layout.
    pub fn update(&mut self, indices: &Tensor) -> Result<(), CoreError> {
        self.update_masked(indices, None)
    }

    /// Counts ids `[B, H, W, S]` where the mask `[B, H, W]`, `Bool`, is true; everywhere without one.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Kind`] or [`CoreError::Id`] if the ids do not fit the layout, or the mask not
    /// the ids.
    pub fn update_masked(&mut self, indices: &Tensor, mask: Option<&Tensor>) -> Result<(), CoreError> {
        let counts = count("UsageCounter::update", &self.layout, indices, mask)?;
        // The sums stay where the ids are, so that no step waits for a copy.
        self.counts = self.counts.to_device(counts.device()) + counts;
        Ok(())
    }

    /// Adds what another has counted, such as that of another process's part of a set.
    ///
    /// # Errors
    /// [`CoreError::Option`] if it counts the codes of another layout.
    pub fn merge(&mut self, other: &Self) -> Result<(), CoreError> {
        if self.layout != other.layout {
            let (expected, got) = (format!("counts of {:?}", self.layout), format!("{:?}", other.layout));
            return Err(CoreError::Option { op: "UsageCounter::merge", expected, got });
        }
        self.counts = &self.counts + other.counts.to_device(self.counts.device());
        Ok(())
    }

    /// How often each code was chosen, `[K]`, `Int64`, on the CPU.
    pub fn histogram(&self) -> Tensor {
        self.counts.to_device(Device::Cpu).copy()
    }

    /// How often each code was chosen, group by group in the layout's order.
    pub fn histograms(&self) -> Vec<Histogram> {
        histograms(&self.layout, &self.counts)
    }

    /// The use of each group, in the layout's order.
    pub fn compute(&self) -> Vec<Usage> {
        self.histograms().iter().map(Histogram::usage).collect()
    }
}
