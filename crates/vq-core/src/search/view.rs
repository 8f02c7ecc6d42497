//! The elements of a tensor, where they lie.

use tch::{Device, Kind, Tensor};

use super::judge::Real;

/// An element type of tensors.
pub(super) trait Elements: Real {
    /// The kind of tensor with such elements.
    const KIND: Kind;
}

impl Elements for f32 {
    const KIND: Kind = Kind::Float;
}

impl Elements for f64 {
    const KIND: Kind = Kind::Double;
}

/// The elements of a contiguous tensor on the CPU, without a copy.
pub(super) fn elements<T: Elements>(tensor: &Tensor) -> &[T] {
    assert!(tensor.is_contiguous() && tensor.kind() == T::KIND && tensor.device() == Device::Cpu);
    if tensor.numel() == 0 {
        return &[];
    }
    // SAFETY: the tensor is contiguous, on the CPU, and of this kind, so that many elements of this type lie there; its
    // memory lives as long as the tensor, and is shared for as long as the tensor is borrowed; no operation of this
    // crate writes to it meanwhile.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<T>(), tensor.numel()) }
}
