//! Usage counts over a moving window of batches.

use std::collections::VecDeque;

use tch::Tensor;

use super::counts::{count, histograms, zero_counts};
use super::histogram::Histogram;
use super::stats::Usage;
use crate::contract::Layout;
use crate::error::CoreError;

/// Counts how often each code was chosen in the last `W` batches.
///
/// A code is used if it was chosen in the window, otherwise it is dead. Before `W` updates, the window has fewer
/// batches. With `W = 1` the statistics are those of one batch.
/// For all batches, see [`UsageCounter`](crate::UsageCounter).
#[derive(Debug)]
pub struct UsageWindow {
    layout: Layout,
    batches: usize,
    counts: VecDeque<Tensor>,
    sum: Tensor,
}

impl UsageWindow {
    /// An empty window of `W = batches` batches, for all codes of `layout`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `batches` is zero, or if there are more than `2^28` codes.
    pub fn new(layout: &Layout, batches: usize) -> Result<Self, CoreError> {
        if batches == 0 {
            let expected = "a window of at least one batch".into();
            return Err(CoreError::Option { op: "UsageWindow::new", expected, got: "0".into() });
        }
        let sum = zero_counts("UsageWindow::new", layout)?;
        Ok(Self { layout: layout.clone(), batches, counts: VecDeque::new(), sum })
    }

    /// Adds a batch of ids `[B, H, W, S]`; a full window drops its oldest batch.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Dtype`] or [`CoreError::Id`] if the ids do not fit the layout.
    pub fn update(&mut self, indices: &Tensor) -> Result<(), CoreError> {
        self.update_masked(indices, None)
    }

    /// Adds a batch of ids `[B, H, W, S]`, counted where the mask `[B, H, W]`, `Bool`, is true.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Dtype`] or [`CoreError::Id`] if the ids do not fit the layout or the mask
    /// does not fit the ids.
    pub fn update_masked(&mut self, indices: &Tensor, mask: Option<&Tensor>) -> Result<(), CoreError> {
        let counts = count("UsageWindow::update", &self.layout, indices, mask)?;
        self.sum = self.sum.to_device(counts.device()) + &counts;
        self.counts.push_back(counts);
        if self.counts.len() > self.batches
            && let Some(oldest) = self.counts.pop_front()
        {
            self.sum -= oldest.to_device(self.sum.device());
        }
        Ok(())
    }

    /// The counts of each group, in the order of the layout.
    pub fn histograms(&self) -> Vec<Histogram> {
        histograms(&self.layout, &self.sum)
    }

    /// Usage statistics of each group, in the order of the layout.
    pub fn compute(&self) -> Vec<Usage> {
        self.histograms().iter().map(Histogram::usage).collect()
    }
}
