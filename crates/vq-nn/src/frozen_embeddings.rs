//! Frozen embeddings of a language model's tokens.

use tch::{Device, Kind, Tensor};

use crate::InputError;

/// Constant embeddings of tokens; they are not parameters.
///
/// Tables of different models differ in scale by orders of magnitude, so the table is divided by its root mean square.
#[derive(Debug)]
pub struct FrozenEmbeddings {
    /// `[V, E]`.
    rows: Tensor,
}

impl FrozenEmbeddings {
    /// Copies embeddings `[V, E]` to a device. `op` names the caller in errors.
    ///
    /// # Errors
    /// [`InputError::Shape`] or [`InputError::Kind`] if they are not a matrix of floating-point numbers;
    /// [`InputError::Option`] if they are not finite or all zero.
    pub fn new(op: &'static str, embeddings: &Tensor, device: Device) -> Result<Self, InputError> {
        let what = "embeddings";
        if !matches!(embeddings.size()[..], [tokens, width] if tokens >= 1 && width >= 1) {
            let expected = "[V, E] with V, E >= 1".to_owned();
            return Err(InputError::Shape { op, what, expected, got: embeddings.size() });
        }
        if !embeddings.is_floating_point() {
            let got = format!("{:?}", embeddings.kind());
            return Err(InputError::Kind { op, what, expected: "Float, Double, Half or BFloat16", got });
        }
        let rows = embeddings.detach().to_device(device).to_kind(Kind::Float);
        let size = rows.square().mean(Kind::Double).sqrt().double_value(&[]);
        if !size.is_finite() || size == 0.0 {
            let expected = "to be finite and not all zero".to_owned();
            let got = format!("a root mean square of {size}");
            return Err(InputError::Option { op, key: what, expected, got });
        }
        Ok(Self { rows: rows / size })
    }

    /// `V`.
    pub fn tokens(&self) -> i64 {
        self.rows.size().first().copied().unwrap_or(0)
    }

    /// `E`.
    pub fn width(&self) -> i64 {
        self.rows.size().last().copied().unwrap_or(0)
    }

    /// `[V, E]`, `Float`, with a root mean square of 1.
    pub fn rows(&self) -> &Tensor {
        &self.rows
    }

    /// Ids `[..]`, each in `0..V`, to `[.., E]`.
    pub fn read(&self, ids: &Tensor) -> Tensor {
        Tensor::embedding(&self.rows, ids, -1, false, false)
    }
}
