//! Online clustered codebook of CVQ-VAE.

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use super::check::{check_assignment, check_shape, shape_of};
use super::random_rows::random_rows;
use super::scatter::scatter_counts;
use crate::check::check_decay;
use crate::contract::{Assignment, Codebook, CodebookShape, Mode, UpdateStats};
use crate::distance::Distance;
use crate::error::CoreError;
use crate::search::{SamplingConfig, SearchConfig, nearest_codes};

/// The constants of `alpha`: how fast it falls with usage, and how far below 1 it stays for an unused code.
const STEEPNESS: f64 = 10.0;
const OFFSET: f64 = 1e-3;

/// Options of a [`CvqCodebook`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CvqConfig {
    /// Decay of the moving average of usage, gamma; 0.99 in the paper.
    pub decay: f64,
    /// The vector that an unused code moves to.
    pub anchor: Anchor,
}

impl Default for CvqConfig {
    fn default() -> Self {
        Self { decay: 0.99, anchor: Anchor::default() }
    }
}

/// How the vector of the step is chosen that a code moves to (section 3.2 of the paper).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// The nearest vector. Two codes may get the same one.
    Closest,
    /// A random vector; different codes get different vectors if there are enough.
    ///
    /// The published code draws from a pool of past vectors; this draws from the current step.
    Random,
    /// A vector drawn with probability proportional to `exp(-distance)`; the default of the published code.
    #[default]
    Probabilistic,
}

/// Online clustered codebook, CVQ-VAE (arXiv 2307.15139, section 3.2).
///
/// Gradients train the codes as those of a [`LearnedCodebook`](crate::LearnedCodebook).
/// In addition, with `p` the share of the step's vectors assigned to a code and `a` the code's anchor, each update
/// computes `u = gamma u + (1 - gamma) p`, `alpha = exp(-10 K u / (1 - gamma) - 0.001)`,
/// `e = (1 - alpha) e + alpha a`.
/// A code that is never chosen therefore moves to a new vector at each step; a code in use stays.
/// Anchors are searched only for codes whose `alpha` is not zero in floating point.
///
/// [`UpdateStats::revived`] counts the codes with `alpha` above one half.
/// The paper's offline variant, which moves codes at the first batch only, and its contrastive loss are not
/// implemented.
///
/// Parameter: `weight`, `[K, D]`, initialized uniformly in `±1/K`. Buffer: `usage`, `[K]`.
#[derive(Debug)]
pub struct CvqCodebook {
    weight: Tensor,
    usage: Tensor,
    config: CvqConfig,
}

impl CvqCodebook {
    /// Registers the codes and the buffer under `path`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `dim` is not positive or the decay is not in `0..1`.
    pub fn new(path: &nn::Path, size: i64, dim: i64, config: CvqConfig) -> Result<Self, CoreError> {
        const OP: &str = "CvqCodebook::new";
        check_shape(OP, size, dim)?;
        check_decay(OP, "decay", config.decay)?;
        let bound = 1.0 / size as f64;
        let weight = path.uniform("weight", &[size, dim], -bound, bound);
        Ok(Self { weight, usage: path.zeros_no_train("usage", &[size]), config })
    }

    /// Anchors `[M, D]` of the codes `[M, D]`, among vectors `[N, D]`.
    fn anchors(&self, codes: &Tensor, vectors: &Tensor, distance: Distance) -> Result<Tensor, CoreError> {
        let ids = match self.config.anchor {
            Anchor::Closest => nearest_codes(codes, vectors, SearchConfig { k: 1, distance })?.indices,
            Anchor::Probabilistic => SamplingConfig { temperature: 1.0 }.sample(distance, codes, vectors, 1),
            Anchor::Random => return Ok(random_rows(vectors, codes.size()[0])),
        };
        Ok(vectors.index_select(0, &ids.flatten(0, 1)))
    }
}

impl Codebook for CvqCodebook {
    fn shape(&self) -> CodebookShape {
        shape_of(&self.weight)
    }

    fn vectors(&self, _mode: Mode) -> Tensor {
        self.weight.shallow_clone()
    }

    /// Moves the codes that are hardly used. A step without vectors changes nothing.
    fn update(&mut self, assignment: &Assignment) -> Result<UpdateStats, CoreError> {
        const OP: &str = "CvqCodebook::update";
        check_assignment(OP, self.shape(), assignment)?;
        let size = self.shape().size;
        let counts = scatter_counts(OP, &assignment.ids, size)?;
        let n = assignment.ids.size()[0];
        if n == 0 {
            return Ok(UpdateStats::default());
        }
        tch::no_grad(|| {
            let vectors = assignment.vectors.detach().to_kind(self.weight.kind());
            let decay = self.config.decay;
            let _ = self.usage.lerp_(&(counts.to_kind(self.usage.kind()) / n as f64), 1.0 - decay);
            let alpha = (&self.usage * (-STEEPNESS * size as f64 / (1.0 - decay)) - OFFSET).exp(); // [K]
            let moving = alpha.nonzero().flatten(0, 1); // [M]
            if moving.numel() == 0 {
                return Ok(UpdateStats::default());
            }
            let alpha = alpha.index_select(0, &moving).to_kind(self.weight.kind());
            let codes = self.weight.index_select(0, &moving);
            let anchors = self.anchors(&codes, &vectors, assignment.distance)?;
            let moved = codes.lerp_tensor(&anchors, &alpha.unsqueeze(1));
            let _ = self.weight.index_copy_(0, &moving, &moved);
            Ok(UpdateStats { revived: alpha.gt(0.5).count_nonzero(None).int64_value(&[]) })
        })
    }
}
