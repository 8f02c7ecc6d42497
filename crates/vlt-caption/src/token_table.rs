//! Input embeddings and output scores of tokens.

use tch::{Kind, Tensor, nn};
use vq_nn::{FrozenEmbeddings, Linear};

use crate::error::CaptionError;

/// Embeds and scores tokens, both with the same frozen embeddings of a language model.
///
/// Scores are divided by `sqrt(E)`, as in attention.
///
/// Parameters: `input.weight`, `[M, E]`, only if `E` is not `M`; `output.weight`, `[E, M]`; `bias`, `[V]`.
/// The embeddings are constant and not among them.
#[derive(Debug)]
pub(crate) struct TokenTable {
    rows: FrozenEmbeddings,
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
        let rows = FrozenEmbeddings::new(op, embeddings, path.device())?;
        let own = rows.width();
        Ok(Self {
            input: (own != width).then(|| Linear::unbiased(&(path / "input"), own, width)),
            output: Linear::unbiased(&(path / "output"), width, own),
            bias: path.zeros("bias", &[rows.tokens()]),
            rows,
        })
    }

    /// `V`.
    pub(crate) fn tokens(&self) -> i64 {
        self.rows.tokens()
    }

    /// The language model's embeddings.
    pub(crate) fn rows(&self) -> &FrozenEmbeddings {
        &self.rows
    }

    /// Ids `[..]` to `[.., M]`.
    pub(crate) fn read(&self, ids: &Tensor, kind: Kind) -> Tensor {
        let rows = self.rows.read(ids).to_kind(kind);
        self.input.as_ref().map_or_else(|| rows.shallow_clone(), |input| input.forward(&rows))
    }

    /// `[.., M]` to scores `[.., V]`, in `Float` or wider, because they are exponentiated and summed.
    pub(crate) fn score(&self, xs: &Tensor) -> Tensor {
        let kind = xs.kind();
        let scale = (self.rows.width() as f64).powf(-0.5);
        let scores = (self.output.forward(xs) * scale).linear(&self.rows.rows().to_kind(kind), None::<Tensor>);
        let kind = if kind == Kind::Double { Kind::Double } else { Kind::Float };
        scores.to_kind(kind) + self.bias.to_kind(kind)
    }
}
