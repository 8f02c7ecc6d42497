//! Tensors of files.

use std::borrow::Cow;

use tch::{Device, Kind, Tensor};
use vq_file::{Dtype, TensorFile, View};

use crate::PipelineError;

/// A tensor to be written, which becomes bytes only when it is written.
pub(crate) enum Entry {
    /// A tensor on any device, `Float` or `Int64`.
    Tensor { kind: Kind, shape: Vec<usize>, tensor: Tensor },
    /// Bytes, such as those of another file.
    Bytes { shape: [usize; 1], bytes: Vec<u8> },
}

impl Entry {
    /// `Int64` tensors as they are, others as `Float`.
    pub(crate) fn tensor(tensor: &Tensor) -> Self {
        let kind = if tensor.kind() == Kind::Int64 { Kind::Int64 } else { Kind::Float };
        let shape = tensor.size().iter().map(|&side| side as usize).collect();
        Self::Tensor { kind, shape, tensor: tensor.detach() }
    }

    pub(crate) fn bytes(bytes: Vec<u8>) -> Self {
        Self::Bytes { shape: [bytes.len()], bytes }
    }
}

impl View for Entry {
    fn dtype(&self) -> Dtype {
        match self {
            Self::Tensor { kind, .. } => dtype_of(*kind),
            Self::Bytes { .. } => Dtype::U8,
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Self::Tensor { shape, .. } => shape,
            Self::Bytes { shape, .. } => shape,
        }
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Tensor { kind, tensor, .. } => {
                let tensor = tensor.to_device(Device::Cpu).to_kind(*kind).contiguous();
                let mut bytes = vec![0; self.data_len()];
                tensor.copy_data_u8(&mut bytes, tensor.numel());
                bytes.into()
            }
            Self::Bytes { bytes, .. } => bytes.into(),
        }
    }

    fn data_len(&self) -> usize {
        match self {
            Self::Tensor { kind, tensor, .. } => tensor.numel() * kind.elt_size_in_bytes(),
            Self::Bytes { bytes, .. } => bytes.len(),
        }
    }
}

/// The tensor of a file, `Float` or `Int64`, on the CPU.
pub(crate) fn tensor_of(file: &TensorFile, name: &str, kind: Kind, shape: &[i64]) -> Result<Tensor, PipelineError> {
    let sides: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
    let bytes = file.tensor(name, dtype_of(kind), &sides)?;
    Ok(Tensor::f_from_data_size(bytes, shape, kind)?)
}

/// The dtype of the two kinds that are written.
fn dtype_of(kind: Kind) -> Dtype {
    if kind == Kind::Int64 { Dtype::I64 } else { Dtype::F32 }
}
