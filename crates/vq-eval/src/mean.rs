//! The mean of values that were computed elsewhere.

use tch::{Kind, Tensor};

use crate::EvalError;

/// The mean over images of a value that each of them has, such as an LPIPS distance.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Mean {
    sum: f64,
    count: i64,
}

impl Mean {
    /// Adds a value per image, `[B]`.
    ///
    /// # Errors
    /// [`EvalError::Values`] if the shape is another, or a value is not finite.
    pub fn update(&mut self, values: &Tensor) -> Result<(), EvalError> {
        self.add("Mean::update", values)
    }

    /// Adds values `[B]` in the name of an operation.
    pub(crate) fn add(&mut self, op: &'static str, values: &Tensor) -> Result<(), EvalError> {
        let [count] = values.size()[..] else {
            return Err(EvalError::Values {
                op,
                expected: "a value per image, [B]",
                got: format!("{:?}", values.size()),
            });
        };
        let sum = values.detach().sum(Kind::Double).double_value(&[]);
        if !sum.is_finite() {
            let got = format!("a sum of {sum} over {count} images");
            return Err(EvalError::Values { op, expected: "values that are finite", got });
        }
        self.sum += sum;
        self.count += count;
        Ok(())
    }

    /// Adds what another has seen.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    /// The mean so far, or nothing before the first image.
    pub fn compute(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}
