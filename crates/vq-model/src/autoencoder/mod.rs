//! The VQGAN autoencoder.

mod attention;
mod config;
mod decoder;
mod encoder;
mod level;
mod resample;

pub use config::{AutoencoderConfig, AutoencoderPreset};
pub use decoder::Decoder;
pub use encoder::Encoder;
