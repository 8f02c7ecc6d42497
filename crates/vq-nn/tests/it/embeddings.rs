//! Frozen embeddings.

use tch::{Device, Kind, Tensor};
use vq_nn::FrozenEmbeddings;

use crate::support::normal;

#[test]
fn embeddings_have_a_root_mean_square_of_one_and_no_gradient() {
    let table = (normal(1, &[7, 3]) * 1000.0).set_requires_grad(true);
    let frozen = FrozenEmbeddings::new("test", &table, Device::Cpu).unwrap();
    assert_eq!((frozen.tokens(), frozen.width()), (7, 3));
    let size = frozen.rows().square().mean(Kind::Double).sqrt().double_value(&[]);
    assert!((size - 1.0).abs() < 1e-6, "{size}");
    let ids = Tensor::from_slice(&[6_i64, 0, 6, 2]).view([2, 2]);
    let read = frozen.read(&ids);
    assert_eq!(read.size(), [2, 2, 3]);
    assert_eq!(read.get(0).get(0), frozen.rows().get(6));
    assert!(!read.requires_grad());
}

#[test]
fn invalid_embeddings_are_refused() {
    let error = |table: &Tensor| FrozenEmbeddings::new("test", table, Device::Cpu).unwrap_err().to_string();
    let ones = Tensor::ones([2, 3], (Kind::Float, Device::Cpu));
    assert_eq!(error(&ones.get(0)), "test: expected embeddings of shape [V, E] with V, E >= 1, got [3]");
    assert_eq!(
        error(&ones.to_kind(Kind::Int64)),
        "test: expected embeddings of dtype Float, Double, Half or BFloat16, got Int64"
    );
    let expected = "test: expected `embeddings` to be finite and not all zero, got a root mean square of";
    assert_eq!(error(&(&ones * 0.0)), format!("{expected} 0"));
    assert_eq!(error(&(&ones * f64::NAN)), format!("{expected} NaN"));
}
