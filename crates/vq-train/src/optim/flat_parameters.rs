//! All parameters of a model in one tensor.

use std::collections::BTreeMap;

use tch::{Kind, Tensor, nn};

use crate::TrainError;

/// Elements to which each parameter's length is rounded up: 64 bytes, the alignment of libtorch's allocator.
const ALIGNMENT: i64 = 16;

/// Parameters under this name are codes, which are positions among latents: decay would pull them to the origin.
const CODEBOOK: &str = "codebook";

/// A parameter and its range.
#[derive(Debug)]
struct Span {
    name: String,
    parameter: Tensor,
    offset: i64,
    length: i64,
}

/// The trainable variables of a store, moved into one tensor of which each variable is a view.
///
/// An operation over all parameters, of an optimizer or an average of weights, is then a few tensor operations for any
/// number of parameters. The parameters that decay come first: those of two axes and more, codebooks excepted; biases
/// and the scales of normalizations do not decay.
#[derive(Debug)]
pub(super) struct FlatParameters {
    spans: Vec<Span>,
    /// `[P]`, with zeros between the parameters.
    values: Tensor,
    decaying: i64,
    /// Zeros to fill gaps with.
    zeros: Tensor,
}

impl FlatParameters {
    /// Moves the trainable variables of `store`, which keep their names.
    pub(super) fn new(store: &nn::VarStore) -> Result<Self, TrainError> {
        let named: BTreeMap<String, Tensor> = store.variables().into_iter().collect();
        let trainable = named.into_iter().filter(|(_, variable)| variable.requires_grad());
        let (decaying, others): (Vec<_>, Vec<_>) = trainable.partition(|(name, variable)| decays(name, variable));
        let mut spans = Vec::new();
        let mut end = 0;
        let mut append = |(name, parameter): (String, Tensor)| {
            let length = parameter.numel() as i64;
            spans.push(Span { name, parameter, offset: end, length });
            end += padded(length);
            end
        };
        let decaying = decaying.into_iter().map(&mut append).last().unwrap_or(0);
        let total = others.into_iter().map(&mut append).last().unwrap_or(decaying);
        let options = (Kind::Float, store.device());
        let flat = Self {
            spans,
            values: Tensor::zeros([total], options),
            decaying,
            zeros: Tensor::zeros([ALIGNMENT], options),
        };
        let views = flat.views(&flat.values);
        tch::no_grad(|| {
            for (span, (_, mut view)) in flat.spans.iter().zip(views) {
                let mut parameter = span.parameter.shallow_clone();
                view.f_copy_(&parameter)?;
                parameter.f_set_data(&view)?;
            }
            Ok(flat)
        })
    }

    /// `[P]`, the parameters themselves.
    pub(super) fn values(&self) -> Tensor {
        self.values.shallow_clone()
    }

    /// The number of elements that decay, which come first.
    pub(super) fn decaying(&self) -> i64 {
        self.decaying
    }

    /// `[P]`, zero everywhere.
    pub(super) fn zeros(&self) -> Tensor {
        self.values.zeros_like()
    }

    /// The parts of `flat` `[P]` that belong to the parameters, by name, each of its parameter's shape.
    pub(super) fn views(&self, flat: &Tensor) -> Vec<(String, Tensor)> {
        let view = |span: &Span| {
            let part = flat.narrow(0, span.offset, span.length).view_as(&span.parameter);
            (span.name.clone(), part)
        };
        self.spans.iter().map(view).collect()
    }

    /// The gradient of a scalar, `[P]`; a parameter that it does not depend on has zeros. Frees the graph.
    pub(super) fn gradient(&self, scalar: &Tensor) -> Result<Tensor, TrainError> {
        let parameters: Vec<&Tensor> = self.spans.iter().map(|span| &span.parameter).collect();
        let gradients = Tensor::f_run_backward(&[scalar], &parameters, false, false)?;
        let mut pieces = Vec::with_capacity(2 * gradients.len());
        for (span, gradient) in self.spans.iter().zip(gradients) {
            let gradient = if gradient.defined() { gradient } else { span.parameter.zeros_like() };
            pieces.push(gradient.reshape(-1).to_kind(Kind::Float));
            let gap = padded(span.length) - span.length;
            if gap > 0 {
                pieces.push(self.zeros.narrow(0, 0, gap));
            }
        }
        Ok(Tensor::f_cat(&pieces, 0)?)
    }
}

/// The length of a parameter in the flat tensor.
fn padded(length: i64) -> i64 {
    (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT
}

fn decays(name: &str, variable: &Tensor) -> bool {
    variable.dim() >= 2 && name.split('.').all(|part| part != CODEBOOK)
}
