//! GAN losses.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

/// The loss of each side, from logits `[B, ..]`; means are over images and patches.
///
/// The discriminator's loss is half the sum of its two means, as in pix2pix (arXiv 1611.07004, section 3.3) and
/// taming-transformers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GanLoss {
    /// Discriminator `relu(1 - real)` and `relu(1 + fake)`, generator `-fake` (Lim and Ye 2017, arXiv 1705.02894);
    /// VQGAN's.
    #[default]
    Hinge,
    /// Discriminator binary cross-entropy, generator `log(1 - D(fake))` (Goodfellow et al. 2014, arXiv 1406.2661,
    /// equation 1). The generator's gradient is small while the discriminator is confident.
    ///
    /// `vanilla` in taming-transformers differs: it has the hinge loss for the generator.
    Vanilla,
    /// Discriminator binary cross-entropy, generator `-log D(fake)` (same paper, section 3): the generator's gradient
    /// is largest where the discriminator rejects its images.
    NonSaturating,
}

impl GanLoss {
    /// The generator's loss, a scalar.
    pub fn generator(self, fake: &Tensor) -> Tensor {
        match self {
            Self::Hinge => -fake.mean(Kind::Float),
            // log(1 - sigmoid(x)) = -softplus(x), and -log(sigmoid(x)) = softplus(-x).
            Self::Vanilla => -fake.softplus().mean(Kind::Float),
            Self::NonSaturating => (-fake).softplus().mean(Kind::Float),
        }
    }

    /// The discriminator's loss, a scalar.
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
