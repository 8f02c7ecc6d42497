//! Image metrics as accumulators: `update` with batches, `compute` at the end.
//!
//! Images are `[B, 3, H, W]`, `Float`, in `[-1, 1]`; values outside are clamped first, as a file would.
//! Codebook usage and perplexity are [`vq_core::UsageCounter`]'s.

mod error;
mod ms_ssim;
mod psnr;
mod similarity;
mod ssim;

pub use error::EvalError;
pub use ms_ssim::{MsSsim, ScaleFloor, ms_ssim};
pub use psnr::Psnr;
pub use ssim::Ssim;
