//! Codebook of exponential moving averages.

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use super::check::{check_assignment, check_shape, check_vectors, shape_of};
use super::kmeans::{Clusters, kmeans};
use super::random_rows::random_rows;
use super::revival::{Revival, RevivalConfig};
use super::scatter::scatter_sums;
use crate::check::{check_decay, check_positive};
use crate::contract::{Assignment, Codebook, CodebookShape, Mode, UpdateStats};
use crate::distance::Distance;
use crate::error::CoreError;

/// Initialization of the codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CodebookInit {
    /// Uniformly in `±1/K`.
    #[default]
    Uniform,
    /// The k-means centers of the vectors given to [`Codebook::initialize`]. Before that call, as `Uniform`.
    KMeans {
        /// Iterations of Lloyd's algorithm.
        rounds: i64,
    },
}

/// Options of an [`EmaCodebook`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmaConfig {
    /// Decay of the averages, gamma; 0.99 in the paper, 0.8 in vector-quantize-pytorch.
    pub decay: f64,
    /// Laplace smoothing of the cluster sizes: this many vectors are added to each code, which avoids division by zero.
    pub epsilon: f64,
    /// Initialization of the codes.
    pub init: CodebookInit,
    /// Replacement of codes that are hardly used; off if not set.
    pub revival: Option<RevivalConfig>,
}

impl Default for EmaConfig {
    fn default() -> Self {
        Self { decay: 0.99, epsilon: 1e-5, init: CodebookInit::Uniform, revival: None }
    }
}

impl EmaConfig {
    fn check(&self, op: &'static str) -> Result<(), CoreError> {
        check_decay(op, "decay", self.decay)?;
        check_positive(op, "epsilon", self.epsilon)?;
        match self.init {
            CodebookInit::KMeans { rounds } if rounds < 0 => {
                let expected = "rounds of k-means >= 0".into();
                Err(CoreError::Option { op, expected, got: rounds.to_string() })
            }
            _ => Ok(()),
        }
    }
}

/// Codes as moving averages of the vectors assigned to them (VQ-VAE, arXiv 1711.00937, appendix A.1).
///
/// With `n` vectors of sum `s` assigned to a code at a step, equations 6 to 8 are
/// `N = gamma N + (1 - gamma) n`, `m = gamma m + (1 - gamma) s`, `e = m / N`.
/// In the division `N` is smoothed: `(N + epsilon) / (sum N + K epsilon) * sum N`.
/// The initial averages are those of one vector per code: `N = 1`, `m = e`.
///
/// With [`Distance::Cosine`] the vectors have length one, and their mean is shorter.
/// It is stored as it is: the quantizer normalizes the codes in each pass, and the mean has the same direction as the
/// normalized mean.
///
/// Buffers (not trained): `weight`, `[K, D]`; `cluster_size`, `[K]`, and `embed_sum`, `[K, D]`, the averages
/// `N` and `m`; `initialized`, `[1]`, one after k-means; and with revival, under `revival`, `usage`,
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
    /// [`CoreError::Option`] if `size` or `dim` is not positive or an option is invalid.
    pub fn new(path: &nn::Path, size: i64, dim: i64, config: EmaConfig) -> Result<Self, CoreError> {
        const OP: &str = "EmaCodebook::new";
        check_shape(OP, size, dim)?;
        config.check(OP)?;
        let bound = 1.0 / size as f64;
        let mut weight = path.zeros_no_train("weight", &[size, dim]);
        let _ = weight.uniform_(-bound, bound);
        let mut embed_sum = path.zeros_no_train("embed_sum", &[size, dim]);
        embed_sum.copy_(&weight);
        let revival = config.revival.clone();
        Ok(Self {
            weight,
            cluster_size: path.ones_no_train("cluster_size", &[size]),
            embed_sum,
            initialized: path.zeros_no_train("initialized", &[1]),
            revival: revival.map(|config| Revival::new(OP, &(path / "revival"), size, dim, config)).transpose()?,
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

    /// Runs k-means over vectors `[N, D]`, starting from random distinct ones.
    ///
    /// With fewer vectors than codes, some codes are copies of others and are not chosen until revival moves them.
    /// The call does nothing without vectors, or if k-means has already run, also in the run that this one resumes.
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

    /// One step of the moving averages, then revival. A step without vectors changes nothing.
    fn update(&mut self, assignment: &Assignment) -> Result<UpdateStats, CoreError> {
        check_assignment("EmaCodebook::update", self.shape(), assignment)?;
        let vectors = assignment.vectors.detach().to_kind(self.weight.kind());
        let found = scatter_sums(&vectors, &assignment.ids, self.shape().size)?;
        if vectors.size()[0] == 0 {
            return Ok(UpdateStats::default());
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
                return Ok(UpdateStats::default());
            };
            let _ = self.weight.index_copy_(0, &revived.ids, &revived.vectors.to_kind(self.weight.kind()));
            let _ = self.embed_sum.index_copy_(0, &revived.ids, &revived.vectors.to_kind(self.weight.kind()));
            let _ = self.cluster_size.index_fill_(0, &revived.ids, 1.0);
            Ok(UpdateStats { revived: revived.ids.size()[0] })
        })
    }
}
