//! The two sets of a distance.

/// Which of the two sets a batch belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The evaluated images: generated or reconstructed.
    Images,
    /// The images that they are compared with.
    References,
}
