//! The arithmetic of [`Refinement`], in f64.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::{
    EmbedderDescription, Embedding, Precision, PriorError, PriorGraph, PriorParts, Refinement, Scale, Term,
    TextEmbedder, Vectors,
};

/// A component whose variance is below this share of the first one's is rounding error of f32, not spread.
const LEAST_VARIANCE: f64 = 1e-12;

/// Rotations that the eigenvalue iteration may take per column; it needs about two.
const ITERATIONS_PER_COLUMN: usize = 100;

/// Vectors after a [`Refinement`].
#[derive(Debug, Clone, PartialEq)]
pub struct Refined {
    /// `[K, W]`, row by row.
    pub values: Vec<f32>,
    /// W, the numbers per vector.
    pub width: usize,
}

impl Refinement {
    /// Refines `values`, `[K, width]`, row by row.
    ///
    /// Computes in f64, on one thread. A principal axis is right up to its sign: the number of greatest size in it, the
    /// first of equals, is made positive.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] when the numbers do not fill whole rows or are not finite, when there are fewer
    /// components than asked for, when one to be whitened has no variance, or a vector to be scaled no length.
    pub fn apply(self, values: &[f32], width: usize) -> Result<Refined, PriorError> {
        let fail = |field: &str, expected: String, got: String| PriorError::invalid("refine", field, expected, got);
        if width == 0 || values.is_empty() || !values.len().is_multiple_of(width) {
            let expected = format!("one row or more of {width}");
            return Err(fail("vectors", expected, format!("{} numbers", values.len())));
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let got = format!("{} at [{}, {}]", values[at], at / width, at % width);
            return Err(fail("vectors", "finite numbers".into(), got));
        }
        let words = values.len() / width;
        let centred = || {
            // One vector per column: the rows lie in memory as the columns of a matrix `[W, K]` do.
            let mut vectors = DMatrix::from_iterator(width, words, values.iter().map(|value| f64::from(*value)));
            let mean = vectors.column_mean();
            vectors.column_iter_mut().for_each(|mut vector| vector -= &mean);
            vectors
        };
        let refined = match self {
            Self::Unrefined => return Ok(Refined { values: values.to_vec(), width }),
            Self::Centred => centred(),
            Self::Unit => unit(centred())?,
            Self::Principal { width: kept, scale } => {
                let most = width.min(words - 1);
                if !(1..=most).contains(&kept) {
                    let expected = format!("1 to {most} components of {words} vectors of {width}");
                    return Err(fail("width", expected, kept.to_string()));
                }
                principal(&centred(), kept, scale)?
            }
        };
        // [W', K] column by column: [K, W'] row by row.
        Ok(Refined { values: refined.iter().map(|value| *value as f32).collect(), width: refined.nrows() })
    }
}

impl PriorGraph {
    /// The same words and edges with refined vectors, in f32.
    ///
    /// # Errors
    /// [`PriorError::Invalid`] when the vectors were refined already, or cannot be: see [`Refinement::apply`].
    pub fn refined(&self, refinement: Refinement) -> Result<Self, PriorError> {
        if refinement == Refinement::Unrefined {
            return Ok(self.clone());
        }
        let mut provenance = self.provenance().clone();
        if let Some(embedding) = &mut provenance.embedding {
            if embedding.refinement != Refinement::Unrefined {
                let got = embedding.refinement;
                return Err(PriorError::invalid("refine", "vectors", "vectors as the model made them", got));
            }
            embedding.refinement = refinement;
        }
        provenance.vectors = format!("{}; {refinement}", provenance.vectors);
        let refined = refinement.apply(&self.vectors_f32(), self.width())?;
        let vectors = Vectors::new(&refined.values, refined.width, Precision::F32);
        let (words, edges) = (self.words().to_vec(), self.edges().to_vec());
        Self::checked("refine", PriorParts { words, edges, vectors, provenance })
    }
}

/// Each column of `vectors`, `[W, K]`, at length one.
fn unit(mut vectors: DMatrix<f64>) -> Result<DMatrix<f64>, PriorError> {
    for (at, mut vector) in vectors.column_iter_mut().enumerate() {
        let length = vector.norm();
        if length == 0.0 {
            let expected = "a vector that is not the mean of all";
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
            Scale::Whitened if variance > greatest * LEAST_VARIANCE => variance.sqrt(),
            Scale::Whitened => {
                let expected = format!("a variance above {LEAST_VARIANCE} of the first component's, {greatest}");
                return Err(PriorError::invalid("refine", format!("component {at}"), expected, variance));
            }
        };
        axes.set_row(at, &(axis.transpose() * (sign(axis.as_slice()) / length)));
    }
    Ok(axes * vectors)
}

/// That of the number of greatest size, the first of equals.
fn sign(axis: &[f64]) -> f64 {
    axis.iter()
        .copied()
        .reduce(|best, value| if value.abs() > best.abs() { value } else { best })
        .map_or(1.0, f64::signum)
}

/// An embedder whose vectors are refined, over the terms of each call: give it all words of a prior at once.
///
/// Its description states this refinement alone: what it refines should not be refined already.
pub struct Refining<'a> {
    /// The embedder that makes the vectors.
    pub embedder: &'a dyn TextEmbedder,
    /// What is done to them.
    pub refinement: Refinement,
}

impl TextEmbedder for Refining<'_> {
    fn description(&self) -> EmbedderDescription {
        let description = self.embedder.description();
        let refined = |embedding| Embedding { refinement: self.refinement, ..embedding };
        let summary = match self.refinement {
            Refinement::Unrefined => description.summary,
            other => format!("{}; {other}", description.summary),
        };
        EmbedderDescription {
            width: self.refinement.width(description.width),
            summary,
            embedding: description.embedding.map(refined),
            sources: description.sources,
        }
    }

    fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, PriorError> {
        let values = self.embedder.embed(terms)?;
        Ok(self.refinement.apply(&values, self.embedder.description().width)?.values)
    }
}
