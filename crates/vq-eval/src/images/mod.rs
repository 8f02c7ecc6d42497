//! Metrics that compare each image with its reference.

mod local_similarity;
mod ms_ssim;
mod psnr;
mod ssim;

pub use ms_ssim::{MsSsim, ScaleFloor, ms_ssim};
pub use psnr::Psnr;
pub use ssim::Ssim;
