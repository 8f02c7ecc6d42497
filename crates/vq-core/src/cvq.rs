//! Codes that are moved towards the vectors as long as they are not used.

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use crate::codebook::{check_assignment, check_shape, shape_of};
use crate::draw::random_rows;
use crate::scatter::scatter_counts;
use crate::{
    Assignment, Codebook, CodebookShape, CoreError, Distance, Mode, SamplingConfig, Search, Updated, nearest_codes,
};

/// The constants of alpha: how fast use stops the moves, and the share that even a code without use
/// keeps of itself.
const STEEPNESS: f64 = 10.0;
const OFFSET: f64 = 1e-3;

/// Options of a [`CvqCodebook`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CvqConfig {
    /// What a step leaves of the moving average of use, gamma. The paper takes 0.99.
    pub decay: f64,
    /// Which vector an unused code moves to.
    pub anchor: Anchor,
}

impl Default for CvqConfig {
    fn default() -> Self {
        Self { decay: 0.99, anchor: Anchor::default() }
    }
}

/// Which vector of the step a code moves to (section 3.2 of the paper).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anchor {
    /// The nearest one. Two codes may get the same.
    Closest,
    /// Any; different ones for different codes where there are enough.
    ///
    /// The published code draws from a pool of past vectors; this draws from the step.
    Random,
    /// One drawn with probability proportional to `exp(-distance)`: the default of the published code.
    #[default]
    Probabilistic,
}

/// Online clustered codebook, CVQ-VAE (arXiv 2307.15139, section 3.2).
///
/// The gradient trains the codes as it trains those of a [`LearnedCodebook`](crate::LearnedCodebook).
/// Beside it, with `p` the share of a step's vectors that fell to a code and `a` its anchor, each update does
/// `u = gamma u + (1 - gamma) p`, `alpha = exp(-10 K u / (1 - gamma) - 0.001)`, `e = (1 - alpha) e + alpha a`.
/// So a code that is never chosen jumps from vector to vector, and one that is chosen stays.
/// Anchors are searched only for codes whose `alpha` is not zero in floating point.
///
/// [`Updated::revived`] counts the codes with `alpha` above one half.
/// The paper's offline variant, which moves codes at the first batch only, and its contrastive loss are left out.
///
/// Parameter: `weight`, `[K, D]`, initialized uniformly in `±1/K`. Buffer: `usage`, `[K]`.
#[derive(Debug)]
pub struct CvqCodebook {
    weight: Tensor,
    usage: Tensor,
    config: CvqConfig,
}

impl CvqCodebook {
    /// Registers codes and buffer under `path`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `width` is not positive or the decay not in `0..1`.
    pub fn new(path: &nn::Path, size: i64, width: i64, config: CvqConfig) -> Result<Self, CoreError> {
        const OP: &str = "CvqCodebook::new";
        check_shape(OP, size, width)?;
        if !(0.0..1.0).contains(&config.decay) {
            let expected = "a decay in 0..1".into();
            return Err(CoreError::Option { op: OP, expected, got: config.decay.to_string() });
        }
        let bound = 1.0 / size as f64;
        let weight = path.uniform("weight", &[size, width], -bound, bound);
        Ok(Self { weight, usage: path.zeros_no_train("usage", &[size]), config })
    }

    /// An anchor `[M, D]` for each of the codes `[M, D]` among vectors `[N, D]`.
    fn anchors(&self, codes: &Tensor, vectors: &Tensor, distance: Distance) -> Result<Tensor, CoreError> {
        let ids = match self.config.anchor {
            Anchor::Closest => nearest_codes(codes, vectors, Search { k: 1, distance })?.indices,
            Anchor::Probabilistic => SamplingConfig { temperature: 1.0 }.draw(distance, codes, vectors, 1),
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

    /// Moves the codes that are hardly used; a step without vectors changes nothing.
    fn update(&mut self, assignment: &Assignment) -> Result<Updated, CoreError> {
        const OP: &str = "CvqCodebook::update";
        check_assignment(OP, self.shape(), assignment)?;
        let size = self.shape().size;
        let counts = scatter_counts(OP, &assignment.ids, size)?;
        let many = assignment.ids.size()[0];
        if many == 0 {
            return Ok(Updated::default());
        }
        tch::no_grad(|| {
            let vectors = assignment.vectors.detach().to_kind(self.weight.kind());
            let keep = self.config.decay;
            let _ = self.usage.lerp_(&(counts.to_kind(self.usage.kind()) / many as f64), 1.0 - keep);
            let alpha = (&self.usage * (-STEEPNESS * size as f64 / (1.0 - keep)) - OFFSET).exp(); // [K]
            let moving = alpha.nonzero().flatten(0, 1); // [M]
            if moving.numel() == 0 {
                return Ok(Updated::default());
            }
            let alpha = alpha.index_select(0, &moving).to_kind(self.weight.kind());
            let codes = self.weight.index_select(0, &moving);
            let anchors = self.anchors(&codes, &vectors, assignment.distance)?;
            let moved = codes.lerp_tensor(&anchors, &alpha.unsqueeze(1));
            let _ = self.weight.index_copy_(0, &moving, &moved);
            Ok(Updated { revived: alpha.gt(0.5).count_nonzero(None).int64_value(&[]) })
        })
    }
}
