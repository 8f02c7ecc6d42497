//! Optimizer and average of weights.

mod adam;
mod flat_parameters;
mod gradient;
mod model_optimizer;
mod step_sums;
mod weight_average;

pub use adam::Adam;
pub use gradient::Gradient;
pub use model_optimizer::ModelOptimizer;
pub use step_sums::StepSums;
pub use weight_average::WeightAverage;
