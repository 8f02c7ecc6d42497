//! The frozen embeddings of a language model's tokens, at both ends of the decoder.

use tch::{Kind, Tensor, nn};

use crate::CaptionError;
use crate::layers::Linear;

/// Reads tokens and scores them, both against the same frozen rows.
///
/// Tables of different models differ in size by orders of magnitude, so the rows are divided by their root mean square;
/// scores are divided by `sqrt(E)`, as in attention.
///
/// Parameters: `input.weight`, `[M, E]`, only if `E` is not `M`; `output.weight`, `[E, M]`; `bias`, `[V]`.
/// The embeddings are constant and not among them.
#[derive(Debug)]
pub(crate) struct TokenTable {
    /// `[V, E]`.
    rows: Tensor,
    input: Option<Linear>,
    output: Linear,
    bias: Tensor,
}

impl TokenTable {
    pub(crate) fn new(
        op: &'static str,
        path: &nn::Path,
        width: i64,
        embeddings: &Tensor,
    ) -> Result<Self, CaptionError> {
        let what = "embeddings";
        let (tokens, own) = match embeddings.size()[..] {
            [tokens, own] if tokens >= 1 && own >= 1 => (tokens, own),
            _ => {
                let expected = "[V, E] with V, E >= 1".to_owned();
                return Err(CaptionError::Shape { op, what, expected, got: embeddings.size() });
            }
        };
        if !embeddings.is_floating_point() {
            let got = format!("{:?}", embeddings.kind());
            return Err(CaptionError::Kind { op, what, expected: "Float, Double, Half or BFloat16", got });
        }
        let rows = embeddings.detach().to_device(path.device()).to_kind(Kind::Float);
        let size = rows.square().mean(Kind::Double).sqrt().double_value(&[]);
        if !size.is_finite() || size == 0.0 {
            let expected = "to be finite and not all zero".to_owned();
            let got = format!("a root mean square of {size}");
            return Err(CaptionError::Option { op, key: what, expected, got });
        }
        Ok(Self {
            rows: rows / size,
            input: (own != width).then(|| Linear::unbiased(&(path / "input"), own, width)),
            output: Linear::unbiased(&(path / "output"), width, own),
            bias: path.zeros("bias", &[tokens]),
        })
    }

    /// `V`.
    pub(crate) fn tokens(&self) -> i64 {
        self.rows.size()[0]
    }

    /// Ids `[..]` to `[.., E]`.
    pub(crate) fn rows(&self, ids: &Tensor) -> Tensor {
        Tensor::embedding(&self.rows, ids, -1, false, false)
    }

    /// Ids `[..]` to `[.., M]`.
    pub(crate) fn read(&self, ids: &Tensor, kind: Kind) -> Tensor {
        let rows = self.rows(ids).to_kind(kind);
        self.input.as_ref().map_or_else(|| rows.shallow_clone(), |input| input.forward(&rows))
    }

    /// `[.., M]` to scores `[.., V]`, in `Float` or more digits: they are exponentiated and summed.
    pub(crate) fn score(&self, xs: &Tensor) -> Tensor {
        let kind = xs.kind();
        let scale = (self.rows.size()[1] as f64).powf(-0.5);
        let scores = (self.output.forward(xs) * scale).linear(&self.rows.to_kind(kind), None::<Tensor>);
        let kind = if kind == Kind::Double { Kind::Double } else { Kind::Float };
        scores.to_kind(kind) + self.bias.to_kind(kind)
    }
}
