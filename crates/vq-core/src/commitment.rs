//! The loss that ties latents and codes.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::CoreError;
use crate::rows::Mask;

/// On which of the two terms beta sits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BetaPlacement {
    /// On the commitment term, as the VQ-VAE paper has it: `|sg(z) - e|^2 + beta |z - sg(e)|^2`.
    #[default]
    Commitment,
    /// On the codebook term, as the published VQGAN and VQCT code has it: `beta |sg(z) - e|^2 + |z - sg(e)|^2`.
    Legacy,
}

/// Codebook loss and commitment loss (VQ-VAE, equation 3; VQCT, section 3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CommitmentConfig {
    /// Weight of the term that [`BetaPlacement`] names.
    pub beta: f64,
    /// The term that `beta` weighs.
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
        if self.beta.is_finite() && self.beta >= 0.0 {
            return Ok(());
        }
        Err(CoreError::Option { op, expected: "a finite beta >= 0".into(), got: self.beta.to_string() })
    }

    /// Mean over all elements of both terms, where `mask` counts; `latents` and `codes` are `[N, D]`. Scalar.
    ///
    /// Codes that no gradient teaches have no codebook term: there the loss is the commitment term alone.
    pub(crate) fn loss(&self, latents: &Tensor, codes: &Tensor, learn: bool, mask: &Mask) -> Tensor {
        let (to_codes, to_latents) = match self.placement {
            BetaPlacement::Commitment => (1.0, self.beta),
            BetaPlacement::Legacy => (self.beta, 1.0),
        };
        let commitment = mask.mean(&(latents - codes.detach()).square()) * to_latents;
        if learn { mask.mean(&(latents.detach() - codes).square()) * to_codes + commitment } else { commitment }
    }
}
