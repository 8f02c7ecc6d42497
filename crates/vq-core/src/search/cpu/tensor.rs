//! A tensor's memory as a slice. This file uses `unsafe`.

use tch::{Device, Kind, Tensor};

use super::exact::Real;

/// An element type of tensors.
pub(in crate::search) trait TensorElement: Real {
    /// The dtype of tensors with such elements.
    const KIND: Kind;
}

impl TensorElement for f32 {
    const KIND: Kind = Kind::Float;
}

impl TensorElement for f64 {
    const KIND: Kind = Kind::Double;
}

/// The elements of a contiguous tensor on the CPU, without a copy.
pub(in crate::search) fn as_slice<T: TensorElement>(tensor: &Tensor) -> &[T] {
    assert!(tensor.is_contiguous() && tensor.kind() == T::KIND && tensor.device() == Device::Cpu);
    if tensor.numel() == 0 {
        return &[];
    }
    // SAFETY: the tensor is contiguous, on the CPU and of this dtype, so its memory holds `numel` elements of this
    // type. The memory lives as long as the tensor, which is borrowed, and no operation of this crate writes to it
    // meanwhile.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<T>(), tensor.numel()) }
}
