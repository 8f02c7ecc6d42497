//! The mean of values that are computed elsewhere.

use tch::{Kind, Tensor};

use crate::EvalError;

/// Mean over images of a value per image, such as an LPIPS distance.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Mean {
    sum: f64,
    count: i64,
}

impl Mean {
    /// Adds one value per image, `[B]`.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the shape differs or a value is not finite.
    pub fn update(&mut self, values: &Tensor) -> Result<(), EvalError> {
        self.add("Mean::update", values)
    }

    /// Adds values `[B]`; errors name `op`.
    pub(crate) fn add(&mut self, op: &'static str, values: &Tensor) -> Result<(), EvalError> {
        let [count] = values.size()[..] else {
            return Err(EvalError::input(op, "a value per image, [B]", format!("{:?}", values.size())));
        };
        let sum = values.detach().sum(Kind::Double).double_value(&[]);
        if !sum.is_finite() {
            return Err(EvalError::input(op, "finite values", format!("a sum of {sum} over {count} images")));
        }
        self.sum += sum;
        self.count += count;
        Ok(())
    }

    /// Adds another accumulator.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    /// The mean so far; none before the first image.
    pub fn compute(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}
