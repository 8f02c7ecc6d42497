//! Discriminators, which tell images from reconstructions.

mod batch_norm;
mod config;
mod contract;
mod patch;
mod patch_layout;
mod spectral;
mod spectral_norm;

pub use config::DiscriminatorConfig;
pub use contract::Discriminator;
pub use patch::PatchDiscriminator;
pub use patch_layout::PatchConfig;
pub use spectral::SpectralDiscriminator;
