//! What can go wrong in a metric.

use tch::{Kind, TchError, Tensor};

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// Two batches do not match, or are not images.
    #[error("{op}: expected two batches of images of one shape, {expected}, got {images:?} and {references:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// What is asked of the shape.
        expected: &'static str,
        /// Shape of the images.
        images: Vec<i64>,
        /// Shape of the references.
        references: Vec<i64>,
    },
    /// A caption has nothing to be held against.
    #[error("{op}: expected a reference or more, got none")]
    NoReference {
        /// The operation.
        op: &'static str,
    },
    /// A table of document frequencies that cannot be one.
    #[error(
        "FrequencyTable::new: expected counts of at most {documents} images, of which there is one or more, got {got}"
    )]
    Frequencies {
        /// Number of images.
        documents: u64,
        /// What was found.
        got: String,
    },
    /// Scores of positions and a thing that do not fit together.
    #[error("Pointing::update: expected {expected}, got {got}")]
    Pointing {
        /// What is asked.
        expected: &'static str,
        /// What was found.
        got: String,
    },
    /// A heat map and a thing that do not fit together.
    #[error("MassInside::update: expected {expected}, got {got}")]
    Mass {
        /// What is asked.
        expected: &'static str,
        /// What was found.
        got: String,
    },
    /// A parameter of METEOR outside of its range.
    #[error("check METEOR: {key}: expected {expected}, got {got}")]
    Meteor {
        /// The key.
        key: &'static str,
        /// What is asked.
        expected: &'static str,
        /// What was found.
        got: f64,
    },
    /// A file of synonyms that cannot be read.
    #[error("{file}: expected an index of WordNet, got {got}")]
    Synonyms {
        /// The file.
        file: String,
        /// What was found.
        got: String,
    },
    /// Features that do not fit together, are not finite, or are too few.
    #[error("{op}: expected {expected}, got {got}")]
    Features {
        /// The operation.
        op: &'static str,
        /// What is asked.
        expected: String,
        /// What was found.
        got: String,
    },
    /// Values that are not one per image, or not finite.
    #[error("{op}: expected {expected}, got {got}")]
    Values {
        /// The operation.
        op: &'static str,
        /// What is asked.
        expected: &'static str,
        /// What was found.
        got: String,
    },
    /// Images that do not fit together, or that nothing can be said of.
    #[error("{op}: expected {expected}, got {got}")]
    Images {
        /// The operation.
        op: &'static str,
        /// What is asked.
        expected: String,
        /// What was found.
        got: String,
    },
    /// A key of a configuration with a value that makes no sense.
    #[error("{op}: {key}: expected {expected}, got {got}")]
    Config {
        /// The check.
        op: &'static str,
        /// The key.
        key: &'static str,
        /// What is allowed.
        expected: String,
        /// What was given.
        got: String,
    },
    /// A matrix that libtorch cannot take apart.
    #[error("FrechetDistance::compute: expected eigenvalues and singular values, got {source}")]
    Decomposition {
        /// What libtorch says.
        source: TchError,
    },
    /// Embeddings that do not fit together, or have no direction.
    #[error("{op}: expected {expected}, got {got}")]
    Embeddings {
        /// The operation.
        op: &'static str,
        /// What is asked.
        expected: &'static str,
        /// What was found.
        got: String,
    },
}

/// Checks two batches `[B, 3, H, W]` with `H, W >= side`.
pub(crate) fn check_pair(
    op: &'static str,
    expected: &'static str,
    side: i64,
    images: &Tensor,
    references: &Tensor,
) -> Result<(), EvalError> {
    let (images, references) = (images.size(), references.size());
    match images[..] {
        [_, 3, height, width] if images == references && height >= side && width >= side => Ok(()),
        _ => Err(EvalError::Shape { op, expected, images, references }),
    }
}

/// Checks that no pixel of two batches `[B, ..]` is NaN; what is infinite is clamped.
pub(crate) fn check_numbers(op: &'static str, images: &Tensor, references: &Tensor) -> Result<(), EvalError> {
    let odd = images.isnan().logical_or(&references.isnan()).flatten(1, -1).any_dim(1, false); // [B]
    if !bool::try_from(odd.any()).unwrap_or(true) {
        return Ok(());
    }
    let first = odd.to_kind(Kind::Int64).argmax(0, false).int64_value(&[]);
    Err(EvalError::Values {
        op,
        expected: "pixels that are numbers",
        got: format!("NaN in image {first} of the batch"),
    })
}

/// Checks a whole number of a configuration.
pub(crate) fn check_least(op: &'static str, key: &'static str, got: usize, least: usize) -> Result<(), EvalError> {
    if got >= least {
        return Ok(());
    }
    Err(EvalError::Config { op, key, expected: format!("{least} or more"), got: got.to_string() })
}
