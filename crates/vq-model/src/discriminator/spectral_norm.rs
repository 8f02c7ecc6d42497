//! A convolution whose weight has spectral norm 1.

use tch::{Tensor, nn};
use vq_core::Mode;

use super::patch_layout::INIT_DEVIATION;
use crate::layers::ConvShape;

/// Power iterations at construction.
const FIRST_ITERATIONS: usize = 15;
const EPSILON: f64 = 1e-12;

/// Convolution with `weight / sigma` (spectral normalization, arXiv 1802.05957, algorithm 1).
///
/// `sigma = u . W v` estimates the largest singular value of the weight as a matrix `W` with `out` rows.
/// The gradient treats `u` and `v` as constants and flows through the `W` of `sigma`.
/// Names are those of `torch.nn.utils.parametrizations.spectral_norm`.
///
/// Parameters: `parametrizations.weight.original`, `[out, in, k, k]`; `bias`, `[out]`.
/// Buffers: `parametrizations.weight.0._u`, `[out]`; `parametrizations.weight.0._v`, `[in * k * k]`.
#[derive(Debug)]
pub(super) struct SpectralConv {
    original: Tensor,
    bias: Tensor,
    left: Tensor,
    right: Tensor,
    shape: ConvShape,
}

impl SpectralConv {
    pub(super) fn new(path: &nn::Path, shape: ConvShape) -> Self {
        let at = path / "parametrizations" / "weight";
        let original = at.randn("original", &shape.weight_size(), 0.0, INIT_DEVIATION);
        let vectors = &at / 0;
        let vector = |name: &str, size: i64| {
            let mut vector = vectors.zeros_no_train(name, &[size]);
            tch::no_grad(|| vector.copy_(&normalized(&vector.randn_like())));
            vector
        };
        let left = vector("_u", shape.outputs);
        let right = vector("_v", shape.inputs * shape.kernel * shape.kernel);
        let conv = Self { original, bias: path.var("bias", &[shape.outputs], shape.torch_init()), left, right, shape };
        (0..FIRST_ITERATIONS).for_each(|_| conv.iterate());
        conv
    }

    /// `[B, in, H, W]` to `[B, out, H', W']`, in the dtype of `xs`.
    ///
    /// In [`Mode::Train`], one power iteration updates `u` and `v` first.
    pub(super) fn forward(&self, xs: &Tensor, mode: Mode) -> Tensor {
        if mode == Mode::Train {
            self.iterate();
        }
        // Copies, since a later pass may change the vectors in place before the gradient of this one is computed.
        let sigma = self.matrix().mv(&self.right.copy()).dot(&self.left.copy());
        self.shape.apply(xs, &(&self.original / sigma), Some(&self.bias))
    }

    /// `W`, `[out, in * k * k]`.
    fn matrix(&self) -> Tensor {
        self.original.flatten(1, -1)
    }

    /// `u = W v / |W v|`, then `v = W' u / |W' u|`.
    fn iterate(&self) {
        tch::no_grad(|| {
            let matrix = self.matrix();
            self.left.shallow_clone().copy_(&normalized(&matrix.mv(&self.right)));
            self.right.shallow_clone().copy_(&normalized(&matrix.tr().mv(&self.left)));
        });
    }
}

fn normalized(vector: &Tensor) -> Tensor {
    vector / vector.norm().clamp_min(EPSILON)
}
