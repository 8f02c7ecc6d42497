//! Pre-trained networks with frozen weights, which the user provides as files.

mod frozen_conv;
mod inception;
mod inception_blocks;
mod lpips;
mod vgg;
mod weights;

pub use inception::{Inception, InceptionConfig, InceptionOutput, InceptionScale};
pub use lpips::Lpips;
