//! Tensors from reference implementations, and comparisons with them.

use std::collections::HashMap;
use std::path::Path;

use tch::{Kind, Tensor, nn};
use vq_core::{Mode, Quantizer};

/// The tensors of a file in `tests/data`.
pub(crate) fn golden(file: &str) -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

/// Panics unless two tensors have the same shape and differ by at most `tolerance` in every element.
pub(crate) fn assert_close(got: &Tensor, expected: &Tensor, tolerance: f64, what: &str) {
    assert_eq!(got.size(), expected.size(), "{what}");
    let error = (got.to_kind(Kind::Double) - expected.to_kind(Kind::Double)).abs();
    let error = if error.numel() == 0 { 0.0 } else { error.max().double_value(&[]) };
    assert!(error <= tolerance, "{what} differs by {error}");
}

/// Overwrites a variable of a store.
pub(crate) fn assign(store: &nn::VarStore, name: &str, value: &Tensor) {
    tch::no_grad(|| store.variables().get_mut(name).unwrap().copy_(value));
}

/// The names of a store's variables, sorted.
pub(crate) fn names(store: &nn::VarStore) -> Vec<String> {
    let mut names: Vec<String> = store.variables().into_keys().collect();
    names.sort();
    names
}

/// The result of one training pass.
pub(crate) struct Pass {
    pub(crate) codes: Tensor,
    pub(crate) indices: Tensor,
    pub(crate) loss: Tensor,
    /// The gradient of `(codes * upstream).sum() + loss`.
    pub(crate) latents_grad: Tensor,
}

/// One training pass, forward and backward. Checks that the ids decode to the codes.
pub(crate) fn train(quantizer: &dyn Quantizer, latents: &Tensor, upstream: &Tensor) -> Pass {
    let latents = latents.detach().copy().set_requires_grad(true);
    let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
    assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes), "ids do not decode in training");
    ((&quantized.codes * upstream).sum(Kind::Float) + &quantized.loss).backward();
    let (codes, loss) = (quantized.codes.detach(), quantized.loss.detach());
    Pass { codes, indices: quantized.indices, loss, latents_grad: latents.grad() }
}

/// The elements of a vector.
pub(crate) fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::<f64>::try_from(tensor.to_kind(Kind::Double).view(-1)).unwrap()
}
