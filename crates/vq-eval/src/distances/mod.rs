//! Distances between two sets, from features of their images or from the images themselves.

mod features;
pub(crate) mod frechet;
pub(crate) mod inception_score;
pub(crate) mod kernel;
mod moments;
mod patches;
pub(crate) mod precision_recall;
mod pyramid;
pub(crate) mod sliced;

/// Which of the two sets a batch belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Those that are judged: generated, or reconstructed.
    Images,
    /// Those that they should be like.
    References,
}
