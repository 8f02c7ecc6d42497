//! The discriminator's side of training, and its word in the generator's.

mod adaptive;
mod config;
mod frozen;
mod gan_loss;
mod lecam;
mod player;
mod r1;

pub use config::{AdaptiveWeight, AdversarialConfig};
pub use gan_loss::GanLoss;
pub use lecam::LecamConfig;
pub use player::{Adversary, DiscriminatorTerm, GeneratorTerm};
pub use r1::R1Config;
