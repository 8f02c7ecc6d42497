//! What is minimized, but for the adversary's part.

mod config;
mod laplacian;
mod terms;

pub use config::{LossConfig, PerceptualConfig};
pub use laplacian::laplacian_l1;
pub use terms::{Loss, Losses};
