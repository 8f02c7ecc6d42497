//! Dead codes get a new place.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};

use crate::CoreError;
use crate::draw::random_rows;

/// A code that starts, or starts anew, counts as used this many times the threshold: unused, it dies only after
/// `ln 2 / (1 - decay)` steps or so, not at once.
const GRACE: f64 = 2.0;

/// Float buffers count exactly up to here.
const LARGEST_RESERVOIR: i64 = 1 << 24;

/// Replacement of codes that are hardly used by vectors that were seen (SoundStream, arXiv 2107.03312, section III-C).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RevivalConfig {
    /// A code is dead if the moving average of its assignments per step falls below this.
    ///
    /// The mean over all codes is vectors per step divided by codes: the threshold must lie well below that, else
    /// most codes are thrown away at each step. SoundStream takes 2.
    pub threshold: f64,
    /// What a step leaves of the moving average. SoundStream takes 0.99.
    pub decay: f64,
    /// Where the new places are drawn from.
    pub source: RevivalSource,
}

impl Default for RevivalConfig {
    fn default() -> Self {
        Self { threshold: 2.0, decay: 0.99, source: RevivalSource::Batch }
    }
}

/// Where the new places of dead codes are drawn from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RevivalSource {
    /// The vectors of the step.
    #[default]
    Batch,
    /// Vectors of the step and of steps before: `per_step` vectors of each step, drawn at random, push out the oldest.
    ///
    /// So it holds the last `size / per_step` steps.
    Reservoir {
        /// How many vectors are kept.
        size: i64,
        /// How many vectors of a step go in, at most `size`.
        per_step: i64,
    },
}

impl RevivalConfig {
    fn check(&self, op: &'static str) -> Result<(), CoreError> {
        let refuse = |expected: &str, got: String| Err(CoreError::Option { op, expected: expected.into(), got });
        if !(self.threshold.is_finite() && self.threshold > 0.0) {
            return refuse("a finite revival threshold > 0", self.threshold.to_string());
        }
        if !(0.0..1.0).contains(&self.decay) {
            return refuse("a revival decay in 0..1", self.decay.to_string());
        }
        match self.source {
            RevivalSource::Reservoir { size, .. } if !(1..=LARGEST_RESERVOIR).contains(&size) => {
                refuse("a reservoir of 1 to 16777216 vectors", size.to_string())
            }
            RevivalSource::Reservoir { size, per_step } if !(1..=size).contains(&per_step) => {
                refuse("a reservoir that takes in 1 to `size` vectors at a step", per_step.to_string())
            }
            _ => Ok(()),
        }
    }
}

/// The state of revival.
///
/// Buffers: `usage`, `[K]`; with a reservoir also `reservoir`, `[R, D]`, and `reservoir_taken`, `[1]`, how many vectors
/// it took in, counted on from `R` again once it is full.
#[derive(Debug)]
pub(crate) struct Revival {
    config: RevivalConfig,
    usage: Tensor,
    reservoir: Option<Reservoir>,
}

/// Codes that died, and the vectors that take their places.
pub(crate) struct Revived {
    /// `[M]`, `Int64`, different ids, M >= 1.
    pub(crate) ids: Tensor,
    /// `[M, D]`.
    pub(crate) vectors: Tensor,
}

impl Revival {
    /// Registers the buffers under `path`, for `size` codes of `width`.
    pub(crate) fn new(
        op: &'static str,
        path: &nn::Path,
        size: i64,
        width: i64,
        config: RevivalConfig,
    ) -> Result<Self, CoreError> {
        config.check(op)?;
        let mut usage = path.zeros_no_train("usage", &[size]);
        let _ = usage.fill_(GRACE * config.threshold);
        let reservoir = match config.source {
            RevivalSource::Batch => None,
            RevivalSource::Reservoir { size, per_step } => Some(Reservoir {
                vectors: path.zeros_no_train("reservoir", &[size, width]),
                taken: path.zeros_no_train("reservoir_taken", &[1]),
                per_step,
            }),
        };
        Ok(Self { config, usage, reservoir })
    }

    /// Counts a step's assignments, `[K]`, and draws new places for the codes that are dead by now.
    ///
    /// `vectors` `[N, D]` are those of the step; no vectors, no step.
    /// Where fewer vectors are at hand than codes died, some codes wait for a later step: no two get the same vector.
    pub(crate) fn step(&mut self, counts: &Tensor, vectors: &Tensor) -> Option<Revived> {
        if vectors.size()[0] == 0 {
            return None;
        }
        tch::no_grad(|| {
            let vectors = vectors.detach();
            let _ = self.usage.lerp_(&counts.to_kind(self.usage.kind()), 1.0 - self.config.decay);
            if let Some(reservoir) = &mut self.reservoir {
                reservoir.take_in(&vectors);
            }
            let dead = self.usage.lt(self.config.threshold).nonzero().flatten(0, 1); // [dead]
            if dead.numel() == 0 {
                return None;
            }
            let source = match &self.reservoir {
                Some(reservoir) => reservoir.filled(),
                None => vectors,
            };
            let many = dead.size()[0].min(source.size()[0]);
            let ids = if many < dead.size()[0] { random_rows(&dead, many) } else { dead };
            let _ = self.usage.index_fill_(0, &ids, GRACE * self.config.threshold);
            Some(Revived { vectors: random_rows(&source, many), ids })
        })
    }
}

/// A ring of past vectors.
#[derive(Debug)]
struct Reservoir {
    vectors: Tensor,
    taken: Tensor,
    per_step: i64,
}

impl Reservoir {
    fn take_in(&mut self, vectors: &Tensor) {
        let size = self.vectors.size()[0];
        let fresh = random_rows(vectors, self.per_step.min(vectors.size()[0]));
        let many = fresh.size()[0];
        let taken = self.taken.to_kind(Kind::Int64);
        let places = (Tensor::arange(many, (Kind::Int64, taken.device())) + &taken).remainder(size);
        let _ = self.vectors.index_copy_(0, &places, &fresh.to_kind(self.vectors.kind()));
        // Below `size` as it is, from there on modulo `size`, plus `size`: a float stays exact.
        let sum = taken + many;
        let wrapped = sum.remainder(size) + size;
        self.taken.copy_(&wrapped.where_self(&sum.ge(size), &sum));
    }

    /// What was taken in so far, at most all: `[R, D]`.
    fn filled(&self) -> Tensor {
        let taken = self.taken.double_value(&[0]) as i64;
        self.vectors.narrow(0, 0, taken.min(self.vectors.size()[0]))
    }
}
