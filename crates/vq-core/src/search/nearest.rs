//! The public search.

use tch::{Device, Kind, Tensor};

use super::query::{MAX_NEIGHBORS, Neighbors, SearchConfig};
use super::{cpu, gpu};
use crate::check::check_finite;
use crate::error::CoreError;
use crate::kernels::Gpu;

/// Finds the `k` codes nearest to each vector, without gradients.
///
/// `vectors` is `[N, D]`, `codes` is `[K, D]`, of any floating-point dtype and any strides, on one device.
///
/// The ids are those of an exhaustive search that computes every distance in f64 from the inputs as given; of codes at
/// equal distance, the lowest id comes first.
/// They do not depend on the device, the processor, the number of threads or the position of a row in the batch:
/// lower-precision arithmetic only rules out codes that a proven error bound excludes.
///
/// The `[N, K]` distances are never stored. On a CPU, memory beside inputs and results does not depend on K; a GPU
/// holds a copy of the codes in bfloat16.
/// `Double` inputs are searched exhaustively, which is slower.
///
/// # Errors
/// [`CoreError::Shape`] unless both are matrices with the same number of columns, with at least one code and one
/// column; [`CoreError::Dtype`] unless both are floating point; [`CoreError::Device`] if they are on different devices;
/// [`CoreError::Option`] unless `1 <= k <= 16` and `k <= K`, or if there are `2^32` codes or more;
/// [`CoreError::NotFinite`] if an element is NaN or infinite; [`CoreError::Cuda`] if the tensors are on a GPU that
/// cannot compile or run a kernel.
pub fn nearest_codes(vectors: &Tensor, codes: &Tensor, config: SearchConfig) -> Result<Neighbors, CoreError> {
    const OP: &str = "nearest_codes";
    cpu::check_max_isa(OP)?;
    check_shapes(OP, vectors, codes, config.k)?;
    if vectors.device() != codes.device() {
        let (expected, got) = (format!("{:?}", vectors.device()), format!("{:?}", codes.device()));
        return Err(CoreError::Device { op: OP, what: "codes", expected, got });
    }
    check_finite(OP, "vectors", vectors)?;
    check_finite(OP, "codes", codes)?;
    let is_double = [vectors, codes].iter().any(|matrix| matrix.kind() == Kind::Double);
    let kind = if is_double { Kind::Double } else { Kind::Float };
    let [vectors, codes] = [vectors, codes].map(|matrix| matrix.detach().to_kind(kind).contiguous());
    match vectors.device() {
        Device::Cpu if is_double => Ok(on_cpu::<f64>(&vectors, &codes, config, &[])),
        Device::Cpu => Ok(on_cpu::<f32>(&vectors, &codes, config, &cpu::Kernel::cascade(codes.size()[1] as usize))),
        Device::Cuda(ordinal) => Gpu::get(ordinal)
            .and_then(|gpu| tch::no_grad(|| gpu::search(gpu, &vectors, &codes, config)))
            .map_err(|source| CoreError::Cuda { op: OP, source }),
        other => {
            let expected = "the CPU or a CUDA device".into();
            Err(CoreError::Device { op: OP, what: "vectors", expected, got: format!("{other:?}") })
        }
    }
}

fn check_shapes(op: &'static str, vectors: &Tensor, codes: &Tensor, k: i64) -> Result<(), CoreError> {
    let (&[_, dim], &[size, code_dim]) = (&vectors.size()[..], &codes.size()[..]) else {
        let got = if vectors.dim() == 2 { codes.size() } else { vectors.size() };
        return Err(CoreError::Shape { op, expected: "[N, D] and [K, D]".into(), got });
    };
    if dim != code_dim {
        let expected = format!("[K, {dim}], as the vectors");
        return Err(CoreError::Shape { op, expected, got: codes.size() });
    }
    if dim < 1 || size < 1 {
        return Err(CoreError::Shape { op, expected: "[K, D] with K, D >= 1".into(), got: codes.size() });
    }
    if size > i64::from(u32::MAX) {
        let expected = format!("at most {} codes", u32::MAX);
        return Err(CoreError::Option { op, expected, got: size.to_string() });
    }
    let max = size.min(MAX_NEIGHBORS as i64);
    if !(1..=max).contains(&k) {
        let expected = format!("1 <= k <= {max}, with {size} codes and at most {MAX_NEIGHBORS} neighbors");
        return Err(CoreError::Option { op, expected, got: k.to_string() });
    }
    Ok(())
}

/// Searches contiguous matrices of elements `T` on the CPU.
fn on_cpu<T: cpu::TensorElement>(
    vectors: &Tensor,
    codes: &Tensor,
    config: SearchConfig,
    kernels: &[cpu::Kernel],
) -> Neighbors {
    let (n, k) = (vectors.size()[0], config.k);
    let mut ids = vec![0; (n * k) as usize];
    let mut distances = vec![0.0; ids.len()];
    let problem = cpu::Problem {
        vectors: cpu::as_slice::<T>(vectors),
        codes: cpu::as_slice::<T>(codes),
        dim: codes.size()[1] as usize,
        k: k as usize,
        distance: config.distance,
    };
    cpu::search(problem, kernels, &mut cpu::Results { ids: &mut ids, distances: &mut distances });
    Neighbors {
        indices: Tensor::from_slice(&ids).view([n, k]),
        distances: Tensor::from_slice(&distances).view([n, k]).to_kind(vectors.kind()),
    }
}
