//! Computes a [`Refinement`], in f64.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::{PriorError, PriorGraph, PriorParts, Refinement, Scale, VectorDtype, Vectors};

/// Below this share of the first component's variance, the variance of a component is rounding error of f32.
const MIN_VARIANCE_SHARE: f64 = 1e-12;

/// Maximum rotations of the eigenvalue iteration per column; it needs about two.
const ITERATIONS_PER_COLUMN: usize = 100;

/// Vectors after a [`Refinement`].
#[derive(Debug, Clone, PartialEq)]
pub struct Refined {
    /// `[K, W]`, row-major.
    pub values: Vec<f32>,
    /// W, the numbers per vector.
    pub embedding_dim: usize,
}

impl Refinement {
    /// Refines `values`, `[K, embedding_dim]`, row-major.
    ///
    /// Computes in f64, on one thread. The sign of a principal axis is arbitrary: the element of greatest absolute
    /// value, the first of equals, is made positive.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] if the numbers do not fill whole rows or are not finite, if there are fewer components
    /// than `width`, if a component to be whitened has no variance, or if a vector to be scaled has length 0.
    pub fn apply(self, values: &[f32], embedding_dim: usize) -> Result<Refined, PriorError> {
        let fail = |field: &str, expected: String, got: String| PriorError::invalid("refine", field, expected, got);
        if embedding_dim == 0 || values.is_empty() || !values.len().is_multiple_of(embedding_dim) {
            let expected = format!("one row or more of {embedding_dim}");
            return Err(fail("vectors", expected, format!("{} numbers", values.len())));
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let got = format!("{} at [{}, {}]", values[at], at / embedding_dim, at % embedding_dim);
            return Err(fail("vectors", "finite numbers".into(), got));
        }
        let words = values.len() / embedding_dim;
        let centred = || {
            // One vector per column: the rows of `[K, W]` lie in memory as the columns of `[W, K]`.
            let mut vectors =
                DMatrix::from_iterator(embedding_dim, words, values.iter().map(|value| f64::from(*value)));
            let mean = vectors.column_mean();
            vectors.column_iter_mut().for_each(|mut vector| vector -= &mean);
            vectors
        };
        let refined = match self {
            Self::Unrefined => return Ok(Refined { values: values.to_vec(), embedding_dim }),
            Self::Centred => centred(),
            Self::Unit => unit(centred())?,
            Self::Principal { width: kept, scale } => {
                let most = embedding_dim.min(words - 1);
                if !(1..=most).contains(&kept) {
                    let expected = format!("1 to {most} components of {words} vectors of {embedding_dim}");
                    return Err(fail("width", expected, kept.to_string()));
                }
                principal(&centred(), kept, scale)?
            }
        };
        // [W', K] column by column: [K, W'] row by row.
        Ok(Refined { values: refined.iter().map(|value| *value as f32).collect(), embedding_dim: refined.nrows() })
    }
}

impl PriorGraph {
    /// The same words and edges with refined vectors, in f32.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] if the vectors are refined already, else those of [`Refinement::apply`].
    pub fn refined(&self, refinement: Refinement) -> Result<Self, PriorError> {
        if refinement == Refinement::Unrefined {
            return Ok(self.clone());
        }
        let mut provenance = self.provenance().clone();
        if let Some(embedding) = &mut provenance.embedding {
            if embedding.refinement != Refinement::Unrefined {
                let got = embedding.refinement;
                return Err(PriorError::invalid(
                    "refine",
                    "vectors",
                    "vectors as the language model computed them",
                    got,
                ));
            }
            embedding.refinement = refinement;
        }
        provenance.vectors = format!("{}; {refinement}", provenance.vectors);
        let refined = refinement.apply(&self.vectors_f32(), self.embedding_dim())?;
        let vectors = Vectors::new(&refined.values, refined.embedding_dim, VectorDtype::F32);
        let (words, edges) = (self.words().to_vec(), self.edges().to_vec());
        Self::checked("refine", PriorParts { words, edges, vectors, provenance })
    }
}

/// Scales each column of `vectors`, `[W, K]`, to length one.
fn unit(mut vectors: DMatrix<f64>) -> Result<DMatrix<f64>, PriorError> {
    for (at, mut vector) in vectors.column_iter_mut().enumerate() {
        let length = vector.norm();
        if length == 0.0 {
            let expected = "a vector that differs from the mean of all";
            return Err(PriorError::invalid("refine", format!("vectors[{at}]"), expected, "the mean"));
        }
        vector /= length;
    }
    Ok(vectors)
}

/// The first `kept` principal components, `[kept, K]`, of centred vectors, `[W, K]`.
fn principal(vectors: &DMatrix<f64>, kept: usize, scale: Scale) -> Result<DMatrix<f64>, PriorError> {
    let (width, words) = vectors.shape();
    let covariance = vectors * vectors.transpose() / (words - 1) as f64; // [W, W]
    let iterations = ITERATIONS_PER_COLUMN * width;
    let eigen = SymmetricEigen::try_new(covariance, f64::EPSILON, iterations).ok_or_else(|| {
        PriorError::invalid("refine", "covariance", format!("eigenvalues in {iterations} iterations"), "none")
    })?;
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    let greatest = eigen.eigenvalues[order[0]];

    let mut axes = DMatrix::zeros(kept, width);
    for (at, column) in order.into_iter().take(kept).enumerate() {
        let (axis, variance) = (eigen.eigenvectors.column(column), eigen.eigenvalues[column]);
        let length = match scale {
            Scale::Kept => 1.0,
            Scale::Whitened if variance > greatest * MIN_VARIANCE_SHARE => variance.sqrt(),
            Scale::Whitened => {
                let expected = format!("a variance above {MIN_VARIANCE_SHARE} of the first component's, {greatest}");
                return Err(PriorError::invalid("refine", format!("component {at}"), expected, variance));
            }
        };
        axes.set_row(at, &(axis.transpose() * (sign(axis.as_slice()) / length)));
    }
    Ok(axes * vectors)
}

/// The sign of the element of greatest absolute value, the first of equals.
fn sign(axis: &[f64]) -> f64 {
    axis.iter()
        .copied()
        .reduce(|best, value| if value.abs() > best.abs() { value } else { best })
        .map_or(1.0, f64::signum)
}
