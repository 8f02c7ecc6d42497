//! Numbers of other implementations; `tests/data/make_*.py` make the files.

use std::collections::HashMap;
use std::path::Path;

use tch::{Kind, Tensor};

/// Tensors of one file, by name.
pub(crate) fn oracle(file: &str) -> HashMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    Tensor::read_safetensors(path).unwrap().into_iter().collect()
}

/// Numbers of a vector.
pub(crate) fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::<f64>::try_from(tensor.to_kind(Kind::Double).view(-1)).unwrap()
}

/// The same shape, and nowhere further apart than `tolerance`.
pub(crate) fn near(ours: &Tensor, theirs: &Tensor, tolerance: f64, what: &str) {
    assert_eq!(ours.size(), theirs.size(), "{what}");
    let (ours, theirs) = (ours.detach().to_kind(Kind::Double), theirs.detach().to_kind(Kind::Double));
    let error = (&ours - &theirs).abs().max().double_value(&[]);
    // Written so that a NaN fails.
    assert!(error <= tolerance, "{what} differs by {error}");
}
