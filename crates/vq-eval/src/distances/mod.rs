//! Distances between two sets, from features of their images or from the images themselves.

mod features;
mod frechet;
mod inception_score;
mod kernel;
mod moments;
mod patches;
mod precision_recall;
mod pyramid;
mod side;
mod sliced;

pub use frechet::{CovarianceRank, FrechetDistance, FrechetScores};
pub use inception_score::{InceptionScore, InceptionScoreConfig, InceptionScores};
pub use kernel::{KernelConfig, KernelDistance, KernelScores, SubsetSpread};
pub use precision_recall::{PrecisionRecall, PrecisionRecallConfig, PrecisionRecallScores};
pub use side::Side;
pub use sliced::{LevelDistance, SlicedConfig, SlicedScores, SlicedWasserstein};
