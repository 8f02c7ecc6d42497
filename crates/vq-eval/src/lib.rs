//! Metrics of images, captions and retrieval as accumulators: `update` with batches, `compute` at the end.
//!
//! Images are `[B, 3, H, W]`, `Float`, in `[-1, 1]`; values outside are clamped first, as a file would.
//! Codebook usage and perplexity are [`vq_core::UsageCounter`]'s.

mod captions;
mod error;
mod mass;
mod ms_ssim;
mod pointing;
mod psnr;
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
pub use error::EvalError;
pub use mass::{MassInside, MassScores};
pub use ms_ssim::{MsSsim, ScaleFloor, ms_ssim};
pub use pointing::{Pointing, PointingScores};
pub use psnr::Psnr;
pub use retrieval::{Ranking, Retrieval, RetrievalScores};
pub use ssim::Ssim;
