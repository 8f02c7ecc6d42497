//! How much of a codebook is used of late.

use std::collections::VecDeque;

use tch::Tensor;

use crate::histogram::{count, histograms, zero_counts};
use crate::{CoreError, Histogram, Layout, Usage};

/// Counts how often each code was chosen in the last `W` batches.
///
/// With `W = 1` these are the figures of a batch. What [`UsageCounter`](crate::UsageCounter) says of used and dead
/// codes holds here of the window; while fewer than `W` batches were shown, of those.
#[derive(Debug)]
pub struct UsageWindow {
    layout: Layout,
    batches: usize,
    counts: VecDeque<Tensor>,
    sum: Tensor,
}

impl UsageWindow {
    /// An empty window of `batches` batches, `W`, over all codes of `layout`.
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

    /// Shows a batch of ids `[B, H, W, S]`; the oldest leaves a full window.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Kind`] or [`CoreError::Id`] if the ids do not fit the layout.
    pub fn update(&mut self, indices: &Tensor) -> Result<(), CoreError> {
        self.update_masked(indices, None)
    }

    /// Shows a batch of ids `[B, H, W, S]`, of which those count where the mask `[B, H, W]`, `Bool`, is true.
    ///
    /// # Errors
    /// [`CoreError::Shape`], [`CoreError::Kind`] or [`CoreError::Id`] if the ids do not fit the layout, or the mask not
    /// the ids.
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

    /// How often each code was chosen, group by group in the layout's order.
    pub fn histograms(&self) -> Vec<Histogram> {
        histograms(&self.layout, &self.sum)
    }

    /// The use of each group, in the layout's order.
    pub fn compute(&self) -> Vec<Usage> {
        self.histograms().iter().map(Histogram::usage).collect()
    }
}
