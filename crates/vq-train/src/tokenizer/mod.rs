//! Training of a tokenizer.

mod adversary;
mod captions;
mod discriminator_trainer;
mod plan;
mod revival;
mod step;
mod task;
mod usage_alarm;
mod validation;

pub use adversary::{Adversary, DiscriminatorTerm, GeneratorTerm};
pub use plan::TokenizerPlan;
pub use task::{TokenizerRun, TokenizerTask};
pub use validation::TokenizerValidation;
