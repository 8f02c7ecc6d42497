//! Convolution with a square kernel.

use tch::{Tensor, nn};

/// Parameters: `weight`, `[out, in, k, k]`; `bias`, `[out]`.
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

    /// `[B, in, H, W]` to `[B, out, H', W']` in the kind of `xs`: weight and bias are cast to it.
    pub(crate) fn apply(&self, xs: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let kind = xs.kind();
        let bias = bias.map(|bias| bias.to_kind(kind));
        xs.conv2d(&weight.to_kind(kind), bias, [self.stride; 2], [self.padding; 2], [1, 1], 1)
    }
}

impl Conv {
    /// With PyTorch's initialization.
    pub(crate) fn new(path: &nn::Path, shape: ConvShape) -> Self {
        let init = shape.torch_init();
        // The bias comes first: existing seeds keep their weights.
        let bias = Some(path.var("bias", &[shape.outputs], init));
        Self { weight: path.var("weight", &shape.weight_size(), init), bias, shape }
    }

    /// With other initial weights, and without bias if `bias` is none.
    pub(crate) fn with_init(path: &nn::Path, shape: ConvShape, weight: nn::Init, bias: Option<nn::Init>) -> Self {
        let bias = bias.map(|init| path.var("bias", &[shape.outputs], init));
        Self { weight: path.var("weight", &shape.weight_size(), weight), bias, shape }
    }

    /// `[B, in, H, W]` to `[B, out, H', W']`, in the kind of `xs`.
    pub(crate) fn forward(&self, xs: &Tensor) -> Tensor {
        self.shape.apply(xs, &self.weight, self.bias.as_ref())
    }
}
