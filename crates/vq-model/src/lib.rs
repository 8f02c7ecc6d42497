//! The VQGAN autoencoder and the image tokenizer built on it.
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | images in a batch |
//! | `H`, `W` | height and width of an image, in pixels |
//! | `f` | downsampling factor of the autoencoder |
//! | `C` | channels of a feature map |
//! | `Z` | channels of the encoder's output |
//! | `S` | ids per position |
//!
//! Images are `[B, 3, H, W]`, `Float`, in `[-1, 1]`.

mod attention;
mod autoencoder;
mod batch_norm;
mod convolution;
mod decoder;
mod discriminator;
mod encoder;
mod error;
mod layers;
mod level;
mod patch;
mod precision;
mod preset;
mod resample;
mod residual;
mod spectral_norm;
mod taming;
mod tokenizer;

pub use autoencoder::AutoencoderConfig;
pub use decoder::Decoder;
pub use discriminator::{Discriminator, DiscriminatorConfig, PatchConfig};
pub use encoder::Encoder;
pub use error::ModelError;
pub use patch::{PatchDiscriminator, SpectralDiscriminator};
pub use precision::Precision;
pub use preset::AutoencoderPreset;
pub use taming::{TamingLoaded, load_taming};
pub use tokenizer::{ImageTokenizer, Reconstruction};
