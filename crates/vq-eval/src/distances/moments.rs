//! Mean and covariance of streamed features.

use tch::{Device, Kind, Tensor};

use super::features::check_features;
use crate::EvalError;

/// Number, mean and scatter of features, in `Double` on the CPU.
///
/// The scatter is taken about the mean, and parts are joined by the formula of Chan, Golub and LeVeque (1979).
/// A sum of squares would lose the digits in which features differ.
#[derive(Debug, Default)]
pub(super) struct Moments {
    count: i64,
    sums: Option<Sums>,
}

#[derive(Debug)]
struct Sums {
    /// `[D]`.
    mean: Tensor,
    /// The sum of `(x - mean) (x - mean)^T`, `[D, D]`.
    scatter: Tensor,
}

impl Moments {
    /// Dimensions of the features so far.
    pub(super) fn width(&self) -> Option<i64> {
        self.sums.as_ref().map(|sums| sums.mean.size()[0])
    }

    pub(super) fn count(&self) -> i64 {
        self.count
    }

    /// Adds features `[N, D]`; `D` must equal `width` if that is known.
    pub(super) fn update(&mut self, op: &'static str, features: &Tensor, width: Option<i64>) -> Result<(), EvalError> {
        check_features(op, features, width)?;
        let count = features.size()[0];
        if count > 0 {
            let features = features.detach().to_device(Device::Cpu).to_kind(Kind::Double);
            let mean = features.mean_dim(0, false, Kind::Double);
            let centred = features - &mean;
            self.join(count, &Sums { scatter: centred.tr().matmul(&centred), mean });
        }
        Ok(())
    }

    /// Adds another accumulator of the same width.
    pub(super) fn merge(&mut self, other: &Self) {
        if let Some(sums) = &other.sums {
            self.join(other.count, sums);
        }
    }

    fn join(&mut self, count: i64, other: &Sums) {
        let total = self.count + count;
        self.sums = Some(match &self.sums {
            None => Sums { mean: other.mean.copy(), scatter: other.scatter.copy() },
            Some(own) => {
                let difference = &other.mean - &own.mean;
                let share = count as f64 / total as f64;
                Sums {
                    mean: &own.mean + &difference * share,
                    scatter: &own.scatter
                        + &other.scatter
                        + difference.outer(&difference) * (self.count as f64 * share),
                }
            }
        });
        self.count = total;
    }

    /// Mean and unbiased covariance; none for fewer than two features.
    pub(super) fn normal(&self) -> Option<Normal> {
        let sums = self.sums.as_ref().filter(|_| self.count >= 2)?;
        let covariance = &sums.scatter / (self.count - 1) as f64;
        Some(Normal { mean: sums.mean.shallow_clone(), covariance })
    }
}

/// A normal distribution, `Double`.
pub(super) struct Normal {
    /// `[D]`.
    pub(super) mean: Tensor,
    /// `[D, D]`.
    pub(super) covariance: Tensor,
}
