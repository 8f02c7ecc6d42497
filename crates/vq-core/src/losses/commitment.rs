//! Codebook and commitment loss.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::check::check_not_negative;
use crate::error::CoreError;
use crate::mask::Mask;

/// The term that beta multiplies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BetaPlacement {
    /// The commitment term, as in the VQ-VAE paper: `|sg(z) - e|^2 + beta |z - sg(e)|^2`.
    #[default]
    Commitment,
    /// The codebook term, as in the published VQGAN and VQCT code: `beta |sg(z) - e|^2 + |z - sg(e)|^2`.
    Legacy,
}

/// Codebook loss and commitment loss (VQ-VAE, equation 3; VQCT, section 3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CommitmentConfig {
    /// Weight of the term selected by `placement`.
    pub beta: f64,
    /// The term that `beta` multiplies.
    pub placement: BetaPlacement,
}

impl Default for CommitmentConfig {
    fn default() -> Self {
        Self { beta: 0.25, placement: BetaPlacement::Commitment }
    }
}

impl CommitmentConfig {
    /// Checks that beta is finite and not negative.
    pub(crate) fn check(&self, op: &'static str) -> Result<(), CoreError> {
        check_not_negative(op, "beta", self.beta)
    }

    /// Sum of both terms, each a mean over the elements of the unmasked rows; `latents` and `codes` are `[N, D]`.
    /// Scalar.
    ///
    /// Without `learn`, for codes that gradients do not train, the loss is the commitment term alone.
    pub(crate) fn loss(&self, latents: &Tensor, codes: &Tensor, learn: bool, mask: &Mask) -> Tensor {
        let (to_codes, to_latents) = match self.placement {
            BetaPlacement::Commitment => (1.0, self.beta),
            BetaPlacement::Legacy => (self.beta, 1.0),
        };
        let commitment = mask.mean(&(latents - codes.detach()).square()) * to_latents;
        if learn { mask.mean(&(latents.detach() - codes).square()) * to_codes + commitment } else { commitment }
    }
}
