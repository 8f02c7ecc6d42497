//! A convolution whose weight has spectral norm 1.

use tch::{Tensor, nn};
use vq_core::Mode;

use crate::batch_norm::INIT_DEVIATION;
use crate::convolution::ConvShape;

/// Power iterations on the initial weight.
const FIRST_ITERATIONS: usize = 15;
const EPSILON: f64 = 1e-12;

/// Convolution by `weight / sigma`, where `sigma = u . W v` estimates the largest singular value of the weight, seen as
/// a matrix `W` of `out` rows (spectral normalization, arXiv 1802.05957, algorithm 1).
///
/// `u` and `v` are constants to the gradient, which flows through `W` in `sigma`.
/// Names are those of `torch.nn.utils.parametrizations.spectral_norm`.
///
/// Parameters: `parametrizations.weight.original`, `[out, in, k, k]`; `bias`, `[out]`.
/// Buffers: `parametrizations.weight.0._u`, `[out]`; `parametrizations.weight.0._v`, `[in * k * k]`.
#[derive(Debug)]
pub(crate) struct SpectralConv {
    original: Tensor,
    bias: Tensor,
    left: Tensor,
    right: Tensor,
    shape: ConvShape,
}

impl SpectralConv {
    pub(crate) fn new(path: &nn::Path, shape: ConvShape) -> Self {
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

    /// `[B, in, H, W]` to `[B, out, H', W']`, in the kind of `xs`.
    ///
    /// In [`Mode::Train`], `u` and `v` take one step of the power iteration first.
    pub(crate) fn forward(&self, xs: &Tensor, mode: Mode) -> Tensor {
        if mode == Mode::Train {
            self.iterate();
        }
        // Copies: a later pass changes the vectors in place, while this pass still waits for its gradient.
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
