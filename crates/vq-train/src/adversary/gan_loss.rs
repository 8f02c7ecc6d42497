//! The game between generator and discriminator.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

/// What each side minimizes, given logits `[B, ..]`; means run over images and patches alike.
///
/// The discriminator's is half the sum of its two means, as in pix2pix (arXiv 1611.07004, section 3.3) and
/// taming-transformers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GanLoss {
    /// `relu(1 - real)` and `relu(1 + fake)` against `-fake` (Lim and Ye 2017, arXiv 1705.02894): VQGAN's.
    #[default]
    Hinge,
    /// Binary cross entropy against its opposite, `log(1 - D(fake))` (Goodfellow et al. 2014, arXiv 1406.2661, equation
    /// 1). The generator learns little while the discriminator is sure.
    ///
    /// taming-transformers' `vanilla` differs: it has the hinge generator.
    Vanilla,
    /// Binary cross entropy against `-log D(fake)` (there, section 3): the generator learns the most where it is caught.
    NonSaturating,
}

impl GanLoss {
    /// What the generator minimizes, a scalar.
    pub fn generator(self, fake: &Tensor) -> Tensor {
        match self {
            Self::Hinge => -fake.mean(Kind::Float),
            // log(1 - sigmoid(x)) = -softplus(x), and -log(sigmoid(x)) = softplus(-x).
            Self::Vanilla => -fake.softplus().mean(Kind::Float),
            Self::NonSaturating => (-fake).softplus().mean(Kind::Float),
        }
    }

    /// What the discriminator minimizes, a scalar.
    pub fn discriminator(self, real: &Tensor, fake: &Tensor) -> Tensor {
        let means = match self {
            Self::Hinge => (-real + 1.0).relu().mean(Kind::Float) + (fake + 1.0).relu().mean(Kind::Float),
            Self::Vanilla | Self::NonSaturating => {
                (-real).softplus().mean(Kind::Float) + fake.softplus().mean(Kind::Float)
            }
        };
        means * 0.5
    }
}
