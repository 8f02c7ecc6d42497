//! Usage counts over a whole set.

use tch::{Device, Tensor};

use super::counts::{count, histograms, zero_counts};
use super::histogram::Histogram;
use super::stats::Usage;
use crate::contract::Layout;
use crate::error::CoreError;

/// Counts how often each code is chosen, over all ids given to [`UsageCounter::update`].
///
/// A code is used if it was chosen at least once among the counted ids, otherwise it is dead. The statistics depend on
/// the counted set: larger sets use more codes. State the set with the figures.
/// For a moving window of batches, see [`UsageWindow`](crate::UsageWindow).
#[derive(Debug)]
pub struct UsageCounter {
    layout: Layout,
    counts: Tensor,
}

impl UsageCounter {
    /// Zero counts for all codes of `layout`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if there are more than `2^28` codes, because each has a counter. For LFQ and BSQ, split
    /// the bits into several ids per position.
    pub fn new(layout: &Layout) -> Result<Self, CoreError> {
        Ok(Self { layout: layout.clone(), counts: zero_counts("UsageCounter::new", layout)? })
    }

    /// Counts ids `[B, H, W, S]`.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Dtype`] or [`CoreError::Id`] if the ids do not fit the layout.
    pub fn update(&mut self, indices: &Tensor) -> Result<(), CoreError> {
        self.update_masked(indices, None)
    }

    /// Counts ids `[B, H, W, S]` where the mask `[B, H, W]`, `Bool`, is true; all ids without a mask.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Dtype`] or [`CoreError::Id`] if the ids do not fit the layout or the mask
    /// does not fit the ids.
    pub fn update_masked(&mut self, indices: &Tensor, mask: Option<&Tensor>) -> Result<(), CoreError> {
        let counts = count("UsageCounter::update", &self.layout, indices, mask)?;
        // The sums stay on the device of the ids, so that no step waits for a copy.
        self.counts = self.counts.to_device(counts.device()) + counts;
        Ok(())
    }

    /// Adds the counts of another counter, such as that of another process.
    ///
    /// # Errors
    /// [`CoreError::Option`] if the layouts differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), CoreError> {
        if self.layout != other.layout {
            let (expected, got) = (format!("counts of {:?}", self.layout), format!("{:?}", other.layout));
            return Err(CoreError::Option { op: "UsageCounter::merge", expected, got });
        }
        self.counts = &self.counts + other.counts.to_device(self.counts.device());
        Ok(())
    }

    /// The counts of all codes, `[K]`, `Int64`, on the CPU.
    pub fn histogram(&self) -> Tensor {
        self.counts.to_device(Device::Cpu).copy()
    }

    /// The counts of each group, in the order of the layout.
    pub fn histograms(&self) -> Vec<Histogram> {
        histograms(&self.layout, &self.counts)
    }

    /// Usage statistics of each group, in the order of the layout.
    pub fn compute(&self) -> Vec<Usage> {
        self.histograms().iter().map(Histogram::usage).collect()
    }
}
