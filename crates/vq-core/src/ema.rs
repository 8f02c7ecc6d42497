//! Codes that follow the vectors as moving averages.

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use crate::codebook::{check_assignment, check_shape, check_vectors, shape_of};
use crate::draw::random_rows;
use crate::kmeans::{Clusters, kmeans};
use crate::revival::Revival;
use crate::scatter::scatter_sums;
use crate::{Assignment, Codebook, CodebookShape, CoreError, Distance, Mode, RevivalConfig, Updated};

/// Where codes start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CodebookInit {
    /// Uniformly in `±1/K`.
    #[default]
    Uniform,
    /// In the middle of the clusters of the first vectors, which [`Codebook::initialize`] is given; until then as
    /// `Uniform`.
    KMeans {
        /// Rounds of Lloyd's algorithm.
        rounds: i64,
    },
}

/// Options of an [`EmaCodebook`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmaConfig {
    /// What a step leaves of the averages, gamma. The paper takes 0.99; vector-quantize-pytorch takes 0.8.
    pub decay: f64,
    /// Laplace smoothing of the cluster sizes: each code counts as if it had this many vectors more, so that none is
    /// divided by zero.
    pub epsilon: f64,
    /// Where the codes start.
    pub init: CodebookInit,
    /// What becomes of codes that are hardly used: nothing if not set.
    pub revival: Option<RevivalConfig>,
}

impl Default for EmaConfig {
    fn default() -> Self {
        Self { decay: 0.99, epsilon: 1e-5, init: CodebookInit::Uniform, revival: None }
    }
}

impl EmaConfig {
    fn check(&self, op: &'static str) -> Result<(), CoreError> {
        let refuse = |expected: &str, got: String| Err(CoreError::Option { op, expected: expected.into(), got });
        if !(0.0..1.0).contains(&self.decay) {
            return refuse("a decay in 0..1", self.decay.to_string());
        }
        if !(self.epsilon.is_finite() && self.epsilon > 0.0) {
            return refuse("a finite epsilon > 0", self.epsilon.to_string());
        }
        match self.init {
            CodebookInit::KMeans { rounds } if rounds < 0 => refuse("rounds of k-means >= 0", rounds.to_string()),
            _ => Ok(()),
        }
    }
}

/// Codes as moving averages of the vectors that they replaced (VQ-VAE, arXiv 1711.00937, appendix A.1).
///
/// With `n` vectors of sum `s` assigned to a code at a step, equations 6 to 8 are
/// `N = gamma N + (1 - gamma) n`, `m = gamma m + (1 - gamma) s`, `e = m / N`.
/// `N` is smoothed for the division: `(N + epsilon) / (sum N + K epsilon) * sum N`.
/// A code starts as if one vector had fallen to it: `N = 1`, `m = e`.
///
/// A quantizer by cosine hands over vectors of length one.
/// Their mean is shorter than one, and stays so here: the quantizer normalizes codes at each pass, and a mean has the
/// direction of the normalized mean.
///
/// Buffers, none of them trained: `weight`, `[K, D]`; `cluster_size`, `[K]`, and `embed_sum`, `[K, D]`, the averages
/// `N` and `m`; `initialized`, `[1]`, one if k-means placed the codes; and with revival, under `revival`, `usage`,
/// `[K]`, and for a reservoir of `R` vectors `reservoir`, `[R, D]`, and `reservoir_taken`, `[1]`.
#[derive(Debug)]
pub struct EmaCodebook {
    weight: Tensor,
    cluster_size: Tensor,
    embed_sum: Tensor,
    initialized: Tensor,
    revival: Option<Revival>,
    config: EmaConfig,
}

impl EmaCodebook {
    /// Registers the buffers under `path`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if `size` or `width` is not positive or an option makes no sense.
    pub fn new(path: &nn::Path, size: i64, width: i64, config: EmaConfig) -> Result<Self, CoreError> {
        const OP: &str = "EmaCodebook::new";
        check_shape(OP, size, width)?;
        config.check(OP)?;
        let bound = 1.0 / size as f64;
        let mut weight = path.zeros_no_train("weight", &[size, width]);
        let _ = weight.uniform_(-bound, bound);
        let mut embed_sum = path.zeros_no_train("embed_sum", &[size, width]);
        embed_sum.copy_(&weight);
        let revival = config.revival.clone();
        Ok(Self {
            weight,
            cluster_size: path.ones_no_train("cluster_size", &[size]),
            embed_sum,
            initialized: path.zeros_no_train("initialized", &[1]),
            revival: revival.map(|config| Revival::new(OP, &(path / "revival"), size, width, config)).transpose()?,
            config,
        })
    }
}

impl Codebook for EmaCodebook {
    fn shape(&self) -> CodebookShape {
        shape_of(&self.weight)
    }

    fn vectors(&self, _mode: Mode) -> Tensor {
        self.weight.shallow_clone()
    }

    fn learns_by_gradient(&self) -> bool {
        false
    }

    /// Runs k-means over vectors `[N, D]`, from different ones of them drawn at random.
    ///
    /// Where there are fewer vectors than codes, some codes start as copies of others, and are not chosen until
    /// revival moves them. Nothing is done without vectors, or if k-means placed the codes before, even if that was in
    /// a run that this one resumes.
    fn initialize(&mut self, vectors: &Tensor, distance: Distance) -> Result<(), CoreError> {
        check_vectors("EmaCodebook::initialize", self.shape(), vectors)?;
        let CodebookInit::KMeans { rounds } = self.config.init else { return Ok(()) };
        if vectors.size()[0] == 0 || self.initialized.double_value(&[0]) != 0.0 {
            return Ok(());
        }
        let vectors = vectors.detach().to_kind(self.weight.kind());
        let start = random_rows(&vectors, self.shape().size);
        let Clusters { means, counts } = kmeans(&vectors, &start, rounds, distance)?;
        tch::no_grad(|| {
            self.cluster_size.copy_(&counts.clamp_min(1));
            self.embed_sum.copy_(&(&means * self.cluster_size.unsqueeze(1)));
            self.weight.copy_(&means);
            let _ = self.initialized.fill_(1.0);
        });
        Ok(())
    }

    /// One step of the moving averages, then revival; a step without vectors changes nothing.
    fn update(&mut self, assignment: &Assignment) -> Result<Updated, CoreError> {
        check_assignment("EmaCodebook::update", self.shape(), assignment)?;
        let vectors = assignment.vectors.detach().to_kind(self.weight.kind());
        let found = scatter_sums(&vectors, &assignment.ids, self.shape().size)?;
        if vectors.size()[0] == 0 {
            return Ok(Updated::default());
        }
        tch::no_grad(|| {
            let EmaConfig { decay, epsilon, .. } = self.config;
            let _ = self.cluster_size.lerp_(&found.counts, 1.0 - decay);
            let _ = self.embed_sum.lerp_(&found.sums, 1.0 - decay);
            let total = self.cluster_size.sum(None);
            let scale = &total / (&total + self.shape().size as f64 * epsilon);
            let smoothed = (&self.cluster_size + epsilon) * scale; // [K]
            let _ = self.embed_sum.divide_out(&self.weight, &smoothed.unsqueeze(1));
            let Some(revived) = self.revival.as_mut().and_then(|revival| revival.step(&found.counts, &vectors)) else {
                return Ok(Updated::default());
            };
            let _ = self.weight.index_copy_(0, &revived.ids, &revived.vectors.to_kind(self.weight.kind()));
            let _ = self.embed_sum.index_copy_(0, &revived.ids, &revived.vectors.to_kind(self.weight.kind()));
            let _ = self.cluster_size.index_fill_(0, &revived.ids, 1.0);
            Ok(Updated { revived: revived.ids.size()[0] })
        })
    }
}
