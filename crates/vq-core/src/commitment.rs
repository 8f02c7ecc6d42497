//! The loss that ties latents and codes.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::CoreError;

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

    /// Mean over all elements of both terms; `latents` and `codes` have one shape. Scalar.
    pub(crate) fn loss(&self, latents: &Tensor, codes: &Tensor) -> Tensor {
        let codebook = (latents.detach() - codes).square().mean(Kind::Float);
        let commitment = (latents - codes.detach()).square().mean(Kind::Float);
        match self.placement {
            BetaPlacement::Commitment => codebook + commitment * self.beta,
            BetaPlacement::Legacy => codebook * self.beta + commitment,
        }
    }
}
