//! Helpers of several modules.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use tch::{Device, Kind, Tensor, nn};

/// Values in `[-1, 1)` that depend on index and key; equals `noise` of `tests/data/make_vqgan.py`.
pub(crate) fn noise(size: &[i64], key: i64) -> Tensor {
    let count: i64 = size.iter().product();
    let wave = Tensor::arange(count, (Kind::Double, Device::Cpu)) * 12.9898 + key as f64 * 78.233;
    let wave = wave.sin() * 43758.5453;
    ((&wave - wave.floor()) * 2.0 - 1.0).reshape(size).to_kind(Kind::Float)
}

/// Trainable parameters, by name.
pub(crate) fn parameters(store: &nn::VarStore) -> BTreeMap<String, Tensor> {
    store.variables().into_iter().filter(|(_, variable)| variable.requires_grad()).collect()
}

/// Fills the parameters as `fill` of `tests/data/make_vqgan.py` does.
pub(crate) fn fill(store: &nn::VarStore, keys_from: i64) {
    tch::no_grad(|| {
        for (key, (name, mut value)) in (keys_from..).zip(parameters(store)) {
            let size = value.size();
            let draw = noise(&size, key);
            let filled = match size.len() {
                1 if name.ends_with("weight") => draw * 0.3 + 1.0,
                1 => draw * 0.2,
                _ => draw * ((size[1..].iter().product::<i64>() as f64).powf(-0.5) * 1.5),
            };
            value.copy_(&filled);
        }
    });
}

/// The tensors of `tests/data/vqgan.safetensors`.
pub(crate) fn goldens() -> HashMap<String, Tensor> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vqgan.safetensors");
    Tensor::read_safetensors(file).unwrap().into_iter().collect()
}

/// Norm of the difference over the norm of the expected tensor.
pub(crate) fn relative_error(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    let (found, expected) = (found.to_kind(Kind::Double), expected.to_kind(Kind::Double));
    ((found - &expected).norm() / expected.norm()).double_value(&[])
}

/// Images `[B, 3, H, W]`.
pub(crate) fn images(batch: i64, height: i64, width: i64) -> Tensor {
    noise(&[batch, 3, height, width], 1000)
}
