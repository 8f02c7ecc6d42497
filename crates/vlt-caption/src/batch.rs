//! Batches of captions.

use tch::{Device, Tensor};

/// Captions, one for each image.
#[derive(Debug)]
pub struct CaptionBatch {
    /// `[B, T]`, `Int64`: the begin token, the words, the end token, then padding of any value in `0..V`.
    pub ids: Tensor,
    /// `[B]`, `Int64`, in `0..=T`: the tokens of each caption without padding. An image with fewer than two has no caption
    /// and does not contribute to a loss.
    pub lengths: Tensor,
}

impl CaptionBatch {
    /// The batch on a device.
    pub fn to_device(&self, device: Device) -> Self {
        Self { ids: self.ids.to_device(device), lengths: self.lengths.to_device(device) }
    }

    /// `[B]`: the words of each caption, without the begin and end tokens.
    pub fn word_counts(&self) -> Tensor {
        (&self.lengths - 2).clamp_min(0)
    }
}
