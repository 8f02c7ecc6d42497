//! The figures of a step, which stay on their device until they are read.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use crate::TrainError;

/// Scalars by name.
#[derive(Debug, Default)]
pub(crate) struct StepFigures(BTreeMap<&'static str, Tensor>);

impl StepFigures {
    /// Adds a scalar that is off the autograd graph.
    pub(crate) fn push(&mut self, name: &'static str, scalar: Tensor) {
        self.0.insert(name, scalar.to_kind(Kind::Float));
    }

    /// All figures scaled.
    pub(crate) fn scaled(self, scale: f64) -> Self {
        Self(self.0.into_iter().map(|(name, scalar)| (name, scalar * scale)).collect())
    }

    /// The sums; a figure that only one has is unchanged.
    pub(crate) fn plus(mut self, other: Self) -> Self {
        for (name, scalar) in other.0 {
            let sum = match self.0.remove(name) {
                Some(own) => own + scalar,
                None => scalar,
            };
            self.0.insert(name, sum);
        }
        self
    }

    /// `Bool` scalar on the device: whether all are finite.
    pub(crate) fn all_finite(&self) -> Tensor {
        self.stacked().isfinite().all()
    }

    /// Their values; waits for the device, once.
    pub(crate) fn read(&self) -> Result<BTreeMap<&'static str, f64>, TrainError> {
        let values = Vec::<f32>::try_from(self.stacked().to_device(Device::Cpu))?;
        Ok(self.0.keys().copied().zip(values.into_iter().map(f64::from)).collect())
    }

    /// `[F]`, in the order of the names.
    fn stacked(&self) -> Tensor {
        Tensor::stack(&self.0.values().collect::<Vec<_>>(), 0)
    }
}
