//! Convolution with a square kernel.

use tch::{Tensor, nn};

/// Convolution. Parameters: `weight`, `[out, in, k, k]`; `bias`, `[out]`.
#[derive(Debug)]
pub(crate) struct Conv {
    pub(crate) weight: Tensor,
    pub(crate) bias: Option<Tensor>,
    shape: ConvShape,
}

/// Channels and geometry of a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvShape {
    pub(crate) inputs: i64,
    pub(crate) outputs: i64,
    pub(crate) kernel: i64,
    pub(crate) stride: i64,
    pub(crate) padding: i64,
}

impl ConvShape {
    /// `[out, in, k, k]`.
    pub(crate) fn weight_size(&self) -> [i64; 4] {
        [self.outputs, self.inputs, self.kernel, self.kernel]
    }

    /// PyTorch's initialization of weight and bias: uniform in `±1 / sqrt(fan_in)`.
    pub(crate) fn torch_init(&self) -> nn::Init {
        let bound = 1.0 / ((self.inputs * self.kernel * self.kernel) as f64).sqrt();
        nn::Init::Uniform { lo: -bound, up: bound }
    }

    /// `[B, in, H, W]` to `[B, out, H', W']` in the dtype of `xs`: weight and bias are cast to it.
    pub(crate) fn apply(&self, xs: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let dtype = xs.kind();
        let bias = bias.map(|bias| bias.to_kind(dtype));
        xs.conv2d(&weight.to_kind(dtype), bias, [self.stride; 2], [self.padding; 2], [1, 1], 1)
    }
}

impl Conv {
    /// Registers the parameters under `path`, with PyTorch's initialization.
    pub(crate) fn new(path: &nn::Path, shape: ConvShape) -> Self {
        let init = shape.torch_init();
        // The bias draws its values first, so that existing seeds keep their weights.
        let bias = Some(path.var("bias", &[shape.outputs], init));
        Self { weight: path.var("weight", &shape.weight_size(), init), bias, shape }
    }

    /// Registers the parameters under `path`, with another initialization; without bias if `bias` is none.
    pub(crate) fn with_init(path: &nn::Path, shape: ConvShape, weight: nn::Init, bias: Option<nn::Init>) -> Self {
        let bias = bias.map(|init| path.var("bias", &[shape.outputs], init));
        Self { weight: path.var("weight", &shape.weight_size(), weight), bias, shape }
    }

    /// `[B, in, H, W]` to `[B, out, H', W']`, in the dtype of `xs`.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        self.shape.apply(xs, &self.weight, self.bias.as_ref())
    }
}

/// 3x3 convolution that keeps height and width.
pub(crate) fn conv3(path: &nn::Path, inputs: i64, outputs: i64) -> Conv {
    Conv::new(path, ConvShape { inputs, outputs, kernel: 3, stride: 1, padding: 1 })
}

/// 1x1 convolution.
pub(crate) fn conv1(path: &nn::Path, inputs: i64, outputs: i64) -> Conv {
    Conv::new(path, ConvShape { inputs, outputs, kernel: 1, stride: 1, padding: 0 })
}
