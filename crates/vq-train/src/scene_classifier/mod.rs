//! Training of a scene classifier.

mod task;

pub use task::{SceneClassifierPlan, SceneClassifierRun, SceneClassifierTask, SceneClassifierValidation};
