//! Helpers of several modules.

use tch::{Device, Kind, Tensor};

/// Values in `-0.5..0.5`, `Double`, from integer arithmetic; equals `noise` of the scripts in `tests/data`.
pub(crate) fn noise(shape: &[i64], offset: i64) -> Tensor {
    let n = Tensor::arange_start(offset, offset + shape.iter().product::<i64>(), (Kind::Int64, Device::Cpu));
    let mixed = ((&n * &n).remainder(65521) * 31 + n * 17).remainder(65521);
    (mixed.to_kind(Kind::Double) / 65521.0 - 0.5).view(shape)
}
