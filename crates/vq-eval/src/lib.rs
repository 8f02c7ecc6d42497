//! Metrics of images, captions and retrieval as accumulators: `update` with batches, `merge` across parts, `compute` at the
//! end.
//!
//! Images are `[B, 3, H, W]`, `Float`, in `[-1, 1]`; values outside are clamped first, as a file would.
//! [`Mean`] is for values that are computed elsewhere, such as LPIPS.
//! Codebook usage, perplexity and Gini coefficient are [`vq_core::UsageCounter`]'s.

mod captions;
mod distances;
mod error;
mod image_metric;
mod mass;
mod mean;
mod ms_ssim;
mod pointing;
mod psnr;
mod random;
mod retrieval;
mod similarity;
mod ssim;

pub use captions::bleu::{Bleu, BleuScores};
pub use captions::cider::{CiderD, DocumentFrequencies, FrequencyTable};
pub use captions::meteor::{Meteor, MeteorConfig};
pub use captions::ptb::caption_words;
pub use captions::rouge::RougeL;
pub use captions::scores::{CaptionMetrics, CaptionScores};
pub use captions::synonyms::Synonyms;
pub use distances::Side;
pub use distances::frechet::{CovarianceRank, FrechetDistance, FrechetScores};
pub use distances::inception_score::{InceptionScore, InceptionScoreConfig, InceptionScores};
pub use distances::kernel::{KernelConfig, KernelDistance, KernelScores, SubsetSpread};
pub use distances::precision_recall::{PrecisionRecall, PrecisionRecallConfig, PrecisionRecallScores};
pub use distances::sliced::{LevelDistance, SlicedConfig, SlicedScores, SlicedWasserstein};
pub use error::EvalError;
pub use image_metric::{ImageMetric, image_metrics};
pub use mass::{MassInside, MassScores};
pub use mean::Mean;
pub use ms_ssim::{MsSsim, ScaleFloor, ms_ssim};
pub use pointing::{Pointing, PointingScores};
pub use psnr::Psnr;
pub use retrieval::{Ranking, Retrieval, RetrievalScores};
pub use ssim::Ssim;
