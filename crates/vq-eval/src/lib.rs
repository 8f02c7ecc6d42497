//! Metrics of images, captions and retrieval.
//!
//! Every metric is an accumulator: `update` takes a batch, `merge` adds another accumulator, `compute` gives the figure.
//! The result does not depend on how a set is cut into batches or parts.
//! No network is loaded here: features and logits come from the caller, for instance from `vq_model::Inception`.
//!
//! ```
//! use tch::{Device, Kind, Tensor};
//! use vq_eval::{Psnr, Ssim};
//!
//! # fn main() -> Result<(), vq_eval::EvalError> {
//! let images = Tensor::rand([4, 3, 32, 32], (Kind::Float, Device::Cpu)) * 2.0 - 1.0;
//! let reconstructions = &images * 0.9;
//!
//! let (mut psnr, mut ssim) = (Psnr::default(), Ssim::default());
//! for batch in 0..2 {
//!     let part = |tensor: &Tensor| tensor.narrow(0, 2 * batch, 2);
//!     psnr.update(&part(&reconstructions), &part(&images))?;
//!     ssim.update(&part(&reconstructions), &part(&images))?;
//! }
//! assert!(psnr.compute().is_some_and(|decibels| decibels > 20.0));
//! assert!(ssim.compute().is_some_and(|similarity| similarity < 1.0));
//! # Ok(())
//! # }
//! ```
//!
//! | compares | items |
//! |---|---|
//! | images with references, one by one | [`Psnr`], [`Ssim`], [`MsSsim`], [`ms_ssim`] (with gradients), [`Mean`] |
//! | features of two sets | [`FrechetDistance`], [`KernelDistance`], [`PrecisionRecall`], [`InceptionScore`] |
//! | patches of two sets | [`SlicedWasserstein`] |
//! | captions with references | [`Bleu`], [`RougeL`], [`CiderD`], [`Meteor`], [`CaptionMetrics`] (all four) |
//! | images with captions | [`Retrieval`] |
//! | heat maps with object masks | [`Pointing`], [`MassInside`] |
//!
//! [`Mean`] is for values that are computed elsewhere, such as LPIPS.
//! Codebook usage, perplexity and the Gini coefficient are figures of [`vq_core::UsageCounter`].
//!
//! # Images
//!
//! Images are `[B, 3, H, W]`, `Float`, in `[-1, 1]`.
//! Values outside are clamped first, as writing a file would do.
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | images in a batch |
//! | `H`, `W` | height and width, in pixels or positions |
//! | `M`, `N` | rows of the two sets that are compared |
//! | `D` | dimensions of a feature or embedding |

mod captions;
mod checks;
mod distances;
mod error;
mod images;
mod localization;
mod mean;
mod retrieval;

pub use captions::*;
pub use distances::*;
pub use error::EvalError;
pub use images::*;
pub use localization::*;
pub use mean::Mean;
pub use retrieval::{Ranking, Retrieval, RetrievalScores};
