//! Training of a generator.

mod plan;
mod task;
mod validation;

pub use plan::GeneratorPlan;
pub use task::{GeneratorRun, GeneratorTask};
pub use validation::GeneratorValidation;
