//! Nearest-code quantizer.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::{
    Codebook, CommitmentConfig, CoreError, Layout, Mode, Quantized, Quantizer, Slot, nearest_codes, straight_through,
};

/// Options of a [`NearestQuantizer`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NearestConfig {
    /// The loss between latents and codes.
    pub commitment: CommitmentConfig,
}

/// Replaces each latent by the nearest code (VQ-VAE, section 3.1): one id per position.
#[derive(Debug)]
pub struct NearestQuantizer {
    codebook: Box<dyn Codebook>,
    config: NearestConfig,
    layout: Layout,
}

impl NearestQuantizer {
    /// Quantizes latents of as many channels as the codes are wide.
    ///
    /// # Errors
    /// [`CoreError::Option`] if beta is negative or not finite.
    pub fn new(codebook: Box<dyn Codebook>, config: NearestConfig) -> Result<Self, CoreError> {
        config.commitment.check("NearestQuantizer::new")?;
        let shape = codebook.shape();
        let slot = Slot { group: "code".into(), codes: 0..shape.size };
        let layout = Layout { channels: shape.width, codes: shape.size, slots: vec![slot] };
        Ok(Self { codebook, config, layout })
    }
}

impl Quantizer for NearestQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize(&self, latents: &Tensor, mode: Mode) -> Result<Quantized, CoreError> {
        self.layout.check_latents("NearestQuantizer::quantize", latents)?;
        let rows = rows_of(latents);
        let codebook = self.codebook.vectors(mode);
        let found = quantize_rows(&rows, &codebook, 1, &self.config.commitment)?;
        Ok(Quantized {
            codes: grid_of(&straight_through(&rows, &found.codes), latents),
            indices: ids_of(&found.indices, latents),
            loss: found.loss,
        })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("NearestQuantizer::lookup", indices)?;
        let codes = mean_of_codes(&self.codebook.vectors(Mode::Eval), indices); // [B, H, W, C]
        Ok(codes.permute([0, 3, 1, 2]).contiguous())
    }
}

/// Rows quantized with one matrix of codes.
pub(crate) struct QuantizedRows {
    /// `[N, D]`, on the codes' autograd graph.
    pub(crate) codes: Tensor,
    /// `[N, k]`.
    pub(crate) indices: Tensor,
    /// Scalar.
    pub(crate) loss: Tensor,
}

/// Averages the `k` codes `[K, D]` nearest to each row of `rows`, `[N, D]`.
pub(crate) fn quantize_rows(
    rows: &Tensor,
    codebook: &Tensor,
    k: i64,
    commitment: &CommitmentConfig,
) -> Result<QuantizedRows, CoreError> {
    let indices = nearest_codes(rows, codebook, k)?.indices;
    let codes = mean_of_codes(codebook, &indices);
    let loss = commitment.loss(rows, &codes);
    Ok(QuantizedRows { codes, indices, loss })
}

/// Mean over the last axis of ids `[.., k]`, in the order of the ids: `[.., D]`.
///
/// Quantization and lookup share it, so that they round alike.
pub(crate) fn mean_of_codes(codebook: &Tensor, indices: &Tensor) -> Tensor {
    let k = indices.size().last().copied().unwrap_or(1);
    let picked = |j| Tensor::embedding(codebook, &indices.select(-1, j), -1, false, false);
    match k {
        1 => picked(0),
        _ => (1..k).fold(picked(0), |sum, j| sum + picked(j)) / k as f64,
    }
}

/// `[B, C, H, W]` as rows `[B * H * W, C]`.
pub(crate) fn rows_of(latents: &Tensor) -> Tensor {
    latents.permute([0, 2, 3, 1]).reshape([-1, latents.size()[1]])
}

/// Rows `[B * H * W, C]` as a grid `[B, C, H, W]`, with the axes of `like`; contiguous, since a permuted grid would
/// switch every convolution after it to the channels-last kernels, which are slower on CPUs.
pub(crate) fn grid_of(rows: &Tensor, like: &Tensor) -> Tensor {
    let size = like.size();
    rows.view([size[0], size[2], size[3], -1]).permute([0, 3, 1, 2]).contiguous()
}

/// Ids `[B * H * W, S]` as `[B, H, W, S]`, with the axes of `like`, `[B, C, H, W]`.
pub(crate) fn ids_of(indices: &Tensor, like: &Tensor) -> Tensor {
    let size = like.size();
    indices.view([size[0], size[2], size[3], -1])
}
