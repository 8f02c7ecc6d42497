//! Replacement of dead codes.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use super::random_rows::random_rows;
use crate::check::{check_decay, check_positive};
use crate::error::CoreError;

/// Usage of a new or replaced code, in units of the threshold: an unused code is replaced after about
/// `ln 2 / (1 - decay)` steps, not at once.
const GRACE: f64 = 2.0;

/// Up to here a `Float` buffer counts exactly.
const LARGEST_RESERVOIR: i64 = 1 << 24;

/// Replacement of codes that are hardly used by vectors of the training data (SoundStream, arXiv 2107.03312, section
/// III-C).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RevivalConfig {
    /// A code is dead if the moving average of its assignments per step falls below this.
    ///
    /// The mean over all codes is the number of vectors per step divided by the number of codes. The threshold must be
    /// well below that, otherwise most codes are replaced at each step. SoundStream uses 2.
    pub threshold: f64,
    /// Decay of the moving average. SoundStream uses 0.99.
    pub decay: f64,
    /// The source of the replacements.
    pub source: RevivalSource,
}

impl Default for RevivalConfig {
    fn default() -> Self {
        Self { threshold: 2.0, decay: 0.99, source: RevivalSource::Batch }
    }
}

/// The vectors that replacements are drawn from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RevivalSource {
    /// The vectors of the step.
    #[default]
    Batch,
    /// A ring buffer of past vectors: `per_step` random vectors of each step replace the oldest.
    ///
    /// It spans the last `size / per_step` steps.
    Reservoir {
        /// Vectors in the buffer.
        size: i64,
        /// Vectors added per step, at most `size`.
        per_step: i64,
    },
}

impl RevivalConfig {
    fn check(&self, op: &'static str) -> Result<(), CoreError> {
        let refuse = |expected: &str, got: String| Err(CoreError::Option { op, expected: expected.into(), got });
        check_positive(op, "revival threshold", self.threshold)?;
        check_decay(op, "revival decay", self.decay)?;
        match self.source {
            RevivalSource::Reservoir { size, .. } if !(1..=LARGEST_RESERVOIR).contains(&size) => {
                refuse("a reservoir of 1 to 16777216 vectors", size.to_string())
            }
            RevivalSource::Reservoir { size, per_step } if !(1..=size).contains(&per_step) => {
                refuse("a reservoir that adds 1 to `size` vectors per step", per_step.to_string())
            }
            _ => Ok(()),
        }
    }
}

/// The state of revival.
///
/// Buffers: `usage`, `[K]`; with a reservoir also `reservoir`, `[R, D]`, and `reservoir_taken`, `[1]`, the number of
/// vectors added, which stays in `R..2R` once the reservoir is full.
#[derive(Debug)]
pub(super) struct Revival {
    config: RevivalConfig,
    usage: Tensor,
    reservoir: Option<Reservoir>,
}

/// Dead codes and their replacements.
pub(super) struct Revived {
    /// `[M]`, `Int64`, distinct ids, M >= 1.
    pub(super) ids: Tensor,
    /// `[M, D]`.
    pub(super) vectors: Tensor,
}

impl Revival {
    /// Registers the buffers under `path`, for `size` codes of dimension `dim`.
    pub(super) fn new(
        op: &'static str,
        path: &nn::Path,
        size: i64,
        dim: i64,
        config: RevivalConfig,
    ) -> Result<Self, CoreError> {
        config.check(op)?;
        let mut usage = path.zeros_no_train("usage", &[size]);
        let _ = usage.fill_(GRACE * config.threshold);
        let reservoir = match config.source {
            RevivalSource::Batch => None,
            RevivalSource::Reservoir { size, per_step } => Some(Reservoir {
                vectors: path.zeros_no_train("reservoir", &[size, dim]),
                taken: path.zeros_no_train("reservoir_taken", &[1]),
                per_step,
            }),
        };
        Ok(Self { config, usage, reservoir })
    }

    /// Counts a step's assignments, `[K]`, and draws replacements for the codes that are now dead.
    ///
    /// `vectors` `[N, D]` are those of the step; a step without vectors changes nothing.
    /// No two codes get the same vector: with fewer vectors than dead codes, some codes wait for a later step.
    pub(super) fn step(&mut self, counts: &Tensor, vectors: &Tensor) -> Option<Revived> {
        if vectors.size()[0] == 0 {
            return None;
        }
        tch::no_grad(|| {
            let vectors = vectors.detach();
            let _ = self.usage.lerp_(&counts.to_kind(self.usage.kind()), 1.0 - self.config.decay);
            if let Some(reservoir) = &mut self.reservoir {
                reservoir.add(&vectors);
            }
            let dead = self.usage.lt(self.config.threshold).nonzero().flatten(0, 1); // [dead]
            if dead.numel() == 0 {
                return None;
            }
            let source = match &self.reservoir {
                Some(reservoir) => reservoir.filled(),
                None => vectors,
            };
            let count = dead.size()[0].min(source.size()[0]);
            let ids = if count < dead.size()[0] { random_rows(&dead, count) } else { dead };
            let _ = self.usage.index_fill_(0, &ids, GRACE * self.config.threshold);
            Some(Revived { vectors: random_rows(&source, count), ids })
        })
    }
}

/// A ring buffer of past vectors.
#[derive(Debug)]
struct Reservoir {
    vectors: Tensor,
    taken: Tensor,
    per_step: i64,
}

impl Reservoir {
    fn add(&mut self, vectors: &Tensor) {
        let size = self.vectors.size()[0];
        let fresh = random_rows(vectors, self.per_step.min(vectors.size()[0]));
        let count = fresh.size()[0];
        let taken = self.taken.to_kind(Kind::Int64);
        let positions = (Tensor::arange(count, (Kind::Int64, taken.device())) + &taken).remainder(size);
        let _ = self.vectors.index_copy_(0, &positions, &fresh.to_kind(self.vectors.kind()));
        // Wrapped into `size..2 * size` once full, so that a `Float` stays exact.
        let sum = taken + count;
        let wrapped = sum.remainder(size) + size;
        self.taken.copy_(&wrapped.where_self(&sum.ge(size), &sum));
    }

    /// The vectors added so far, `[at most R, D]`.
    fn filled(&self) -> Tensor {
        let taken = self.taken.double_value(&[0]) as i64;
        self.vectors.narrow(0, 0, taken.min(self.vectors.size()[0]))
    }
}
