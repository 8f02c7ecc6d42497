//! Nearest-code search.

mod candidates;
mod cpu;
mod gpu;
#[cfg(test)]
mod hard;
mod judge;
mod kernels;
mod pack;
mod view;

use tch::{Device, Kind, Tensor};

use self::candidates::MOST_NEAREST;
use self::cpu::{Problem, Results};
use self::kernels::Kernel;
use crate::cuda::Gpu;
use crate::finite::check_finite;
use crate::{CoreError, Distance};

/// What to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// How many codes for each vector, 1 to 16.
    pub k: i64,
    /// The distance that is measured.
    pub distance: Distance,
}

impl Default for Search {
    fn default() -> Self {
        Self { k: 1, distance: Distance::L2 }
    }
}

/// The `k` nearest codes of each vector, nearest first.
#[derive(Debug)]
pub struct Nearest {
    /// `[N, k]`, `Int64`, each in `0..K`.
    pub indices: Tensor,
    /// `[N, k]`: squared Euclidean distances, or one minus cosines; `Double` if an input is, else `Float`.
    pub distances: Tensor,
}

/// Finds the `k` codes nearest to each vector, off the autograd graph.
///
/// `vectors` is `[N, D]`, `codes` is `[K, D]`, of any floating kind and any strides, on one device.
///
/// The ids are those of an exhaustive search that computes every distance in f64 from the numbers as they are given;
/// of codes at one distance, the lowest id comes first.
/// They do not depend on the device, the processor, the number of threads or the place of a row in the batch.
/// What is computed in lower precision on the way only rules out codes that a proven error bound excludes.
///
/// The `[N, K]` distances are never held. On a CPU, memory beside inputs and results does not depend on K; on a GPU, a
/// copy of the codes in bfloat16 is held.
/// `Double` inputs are searched exhaustively, which is slower.
///
/// # Errors
/// [`CoreError::Shape`] unless both are matrices of one width, with at least one code and one column;
/// [`CoreError::Kind`] unless both are of a floating kind; [`CoreError::Device`] if they lie on different devices;
/// [`CoreError::Option`] unless `1 <= k <= 16` and `k <= K`, or if there are `2^32` codes or more;
/// [`CoreError::NotFinite`] if an element is NaN or infinite; [`CoreError::Cuda`] if the tensors lie on a GPU and a
/// kernel cannot be compiled or run there.
pub fn nearest_codes(vectors: &Tensor, codes: &Tensor, search: Search) -> Result<Nearest, CoreError> {
    const OP: &str = "nearest_codes";
    check_shapes(OP, vectors, codes, search.k)?;
    if vectors.device() != codes.device() {
        let (expected, got) = (format!("{:?}", vectors.device()), format!("{:?}", codes.device()));
        return Err(CoreError::Device { op: OP, what: "codes", expected, got });
    }
    check_finite(OP, "vectors", vectors)?;
    check_finite(OP, "codes", codes)?;
    let double = [vectors, codes].iter().any(|matrix| matrix.kind() == Kind::Double);
    let kind = if double { Kind::Double } else { Kind::Float };
    let [vectors, codes] = [vectors, codes].map(|matrix| matrix.detach().to_kind(kind).contiguous());
    match vectors.device() {
        Device::Cpu if double => Ok(on_cpu::<f64>(&vectors, &codes, search, &[])),
        Device::Cpu => Ok(on_cpu::<f32>(&vectors, &codes, search, &Kernel::cascade(codes.size()[1] as usize))),
        Device::Cuda(ordinal) => Gpu::get(ordinal)
            .and_then(|gpu| tch::no_grad(|| gpu::search(gpu, &vectors, &codes, search)))
            .map_err(|source| CoreError::Cuda { op: OP, source }),
        other => {
            let expected = "the CPU or a CUDA device".into();
            Err(CoreError::Device { op: OP, what: "vectors", expected, got: format!("{other:?}") })
        }
    }
}

fn check_shapes(op: &'static str, vectors: &Tensor, codes: &Tensor, k: i64) -> Result<(), CoreError> {
    let (&[_, width], &[size, code_width]) = (&vectors.size()[..], &codes.size()[..]) else {
        let got = if vectors.dim() == 2 { codes.size() } else { vectors.size() };
        return Err(CoreError::Shape { op, expected: "[N, D] and [K, D]".into(), got });
    };
    if width != code_width {
        let expected = format!("[K, {width}], the width of the vectors");
        return Err(CoreError::Shape { op, expected, got: codes.size() });
    }
    if width < 1 || size < 1 {
        return Err(CoreError::Shape { op, expected: "[K, D] with K, D >= 1".into(), got: codes.size() });
    }
    if size > i64::from(u32::MAX) {
        let expected = format!("at most {} codes", u32::MAX);
        return Err(CoreError::Option { op, expected, got: size.to_string() });
    }
    let most = size.min(MOST_NEAREST as i64);
    if !(1..=most).contains(&k) {
        let expected = format!("1 <= k <= {most}, with {size} codes and at most {MOST_NEAREST} nearest");
        return Err(CoreError::Option { op, expected, got: k.to_string() });
    }
    Ok(())
}

/// Searches contiguous matrices of elements `T` on the CPU.
fn on_cpu<T: view::Elements>(vectors: &Tensor, codes: &Tensor, search: Search, kernels: &[Kernel]) -> Nearest {
    let (n, k) = (vectors.size()[0], search.k);
    let mut ids = vec![0; (n * k) as usize];
    let mut distances = vec![0.0; ids.len()];
    let problem = Problem {
        vectors: view::elements::<T>(vectors),
        codes: view::elements::<T>(codes),
        width: codes.size()[1] as usize,
        k: k as usize,
        distance: search.distance,
    };
    cpu::search(problem, kernels, &mut Results { ids: &mut ids, distances: &mut distances });
    Nearest {
        indices: Tensor::from_slice(&ids).view([n, k]),
        distances: Tensor::from_slice(&distances).view([n, k]).to_kind(vectors.kind()),
    }
}
