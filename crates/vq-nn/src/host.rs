//! Numbers of tensors as Rust values.

use tch::{Kind, Tensor};

/// The numbers of a tensor of dtype `Int64`, on any device, in row-major order.
pub fn i64_values(tensor: &Tensor) -> Vec<i64> {
    let mut values = vec![0; tensor.numel()];
    tensor.contiguous().copy_data(&mut values, tensor.numel());
    values
}

/// The numbers of a floating-point tensor, on any device, in row-major order.
pub fn f64_values(tensor: &Tensor) -> Vec<f64> {
    let mut values = vec![0.0; tensor.numel()];
    tensor.to_kind(Kind::Double).contiguous().copy_data(&mut values, tensor.numel());
    values
}
