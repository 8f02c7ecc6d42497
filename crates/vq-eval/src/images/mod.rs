//! Metrics that compare each image with its reference.

mod image_metric;
mod local_similarity;
mod ms_ssim;
mod psnr;
mod ssim;

pub use image_metric::ImageMetric;
pub use ms_ssim::{MsSsim, ScaleFloor, ms_ssim};
pub use psnr::Psnr;
pub use ssim::Ssim;

/// The metrics of every validation and evaluation, before any image.
pub fn image_metrics() -> Vec<Box<dyn ImageMetric>> {
    vec![Box::new(Psnr::default()), Box::new(Ssim::default()), Box::new(MsSsim::default())]
}
