//! Sums and counts of vectors per code.

use tch::{Device, Kind, Tensor};

use crate::check::FLOATING;
use crate::error::CoreError;
use crate::kernels::{CudaError, Gpu, Launch, Launcher, Pointer, Source, groups};

/// Number and sum of the vectors of each code.
#[derive(Debug)]
pub struct ClusterSums {
    /// `[K]`, of the dtype of the vectors.
    pub counts: Tensor,
    /// `[K, D]`, of the dtype of the vectors.
    pub sums: Tensor,
}

/// Sums vectors `[N, D]` by their ids `[N]`, `Int64`, each in `0..size`, without gradients.
///
/// Vectors are added in their order on a CPU, and in any order on a GPU, where sums can differ by rounding.
/// No `[N, K]` matrix is allocated.
///
/// # Errors
/// [`CoreError::Shape`] unless there is one id for each vector; [`CoreError::Dtype`] unless the ids are `Int64` and the
/// vectors floating point; [`CoreError::Option`] if an id is outside `0..size`; [`CoreError::Device`] if they are on
/// different devices; [`CoreError::Cuda`] if they are on a GPU that cannot compile or run the kernel.
pub fn scatter_sums(vectors: &Tensor, ids: &Tensor, size: i64) -> Result<ClusterSums, CoreError> {
    const OP: &str = "scatter_sums";
    let &[n, dim] = &vectors.size()[..] else {
        return Err(CoreError::Shape { op: OP, expected: "[N, D]".into(), got: vectors.size() });
    };
    if !vectors.is_floating_point() {
        let got = format!("{:?} for vectors", vectors.kind());
        return Err(CoreError::Dtype { op: OP, expected: FLOATING, got });
    }
    if ids.size() != [n] {
        return Err(CoreError::Shape { op: OP, expected: format!("ids [{n}]"), got: ids.size() });
    }
    if vectors.device() != ids.device() {
        let (expected, got) = (format!("{:?}", vectors.device()), format!("{:?}", ids.device()));
        return Err(CoreError::Device { op: OP, what: "ids", expected, got });
    }
    tch::no_grad(|| {
        if let (Device::Cuda(ordinal), Kind::Float) = (vectors.device(), vectors.kind()) {
            check_ids(OP, ids, size)?;
            return Gpu::get(ordinal)
                .and_then(|gpu| sorted_sums(gpu, vectors, ids, size))
                .map_err(|source| CoreError::Cuda { op: OP, source });
        }
        let counts = scatter_counts(OP, ids, size)?.to_kind(vectors.kind());
        let mut sums = Tensor::zeros([size, dim], (vectors.kind(), vectors.device()));
        if n > 0 {
            // An expanded index takes libtorch's sorted path, which on CPUs is several times faster than the row-by-row
            // additions of `index_add_`.
            let _ = sums.scatter_add_(0, &ids.unsqueeze(1).expand([n, dim], false), vectors);
        }
        Ok(ClusterSums { counts, sums })
    })
}

/// Number of occurrences of each of `size` ids in `[N]`: `[K]`, `Int64`.
pub(super) fn scatter_counts(op: &'static str, ids: &Tensor, size: i64) -> Result<Tensor, CoreError> {
    check_ids(op, ids, size)?;
    Ok(ids.bincount::<Tensor>(None, size))
}

fn check_ids(op: &'static str, ids: &Tensor, size: i64) -> Result<(), CoreError> {
    if ids.kind() != Kind::Int64 {
        return Err(CoreError::Dtype { op, expected: "Int64", got: format!("{:?} for ids", ids.kind()) });
    }
    if ids.numel() > 0 {
        for got in [ids.min().int64_value(&[]), ids.max().int64_value(&[])] {
            if !(0..size).contains(&got) {
                return Err(CoreError::Option { op, expected: format!("ids in 0..{size}"), got: got.to_string() });
            }
        }
    }
    Ok(())
}

/// [`scatter_sums`] of `Float` vectors by a CUDA kernel. Vectors are sorted by id and neighbours are added in
/// registers, so that there are few atomic additions even if most vectors belong to one code.
fn sorted_sums(launcher: &dyn Launcher, vectors: &Tensor, ids: &Tensor, size: i64) -> Result<ClusterSums, CudaError> {
    /// As in `kernels/scatter.cu`.
    const SPAN: i64 = 32;
    const THREADS: i64 = 256;
    let (vectors, n, dim) = (vectors.detach().contiguous(), vectors.size()[0], vectors.size()[1]);
    let counts = Tensor::zeros([size], (Kind::Int64, vectors.device()));
    let sums = Tensor::zeros([size, dim], (Kind::Float, vectors.device()));
    // Rows without columns are counted, too.
    let columns = dim.max(1);
    let blocks = groups(columns * groups(n, SPAN), THREADS);
    if n > 0 {
        let (sorted, order) = ids.sort(0, false); // [N] both
        launcher.launch(
            &Launch {
                source: Source::Scatter,
                kernel: "scatter",
                blocks: [blocks, 1],
                threads: THREADS as u32,
                shared_bytes: 0,
            },
            &[
                (&Pointer::from(&vectors)).into(),
                (&Pointer::from(&order)).into(),
                (&Pointer::from(&sorted)).into(),
                (&n).into(),
                (&(dim as i32)).into(),
                (&Pointer::from(&sums)).into(),
                (&Pointer::from(&counts)).into(),
            ],
        )?;
    }
    Ok(ClusterSums { counts: counts.to_kind(Kind::Float), sums })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::Emulator;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn the_kernel_equals_libtorch(
            seed in 0_i64..1000,
            n in 0_i64..300,
            size in 1_i64..40,
            dim in 0_i64..20,
            collapsed in any::<bool>(),
        ) {
            // Sums of integers are exact in any order.
            let numbers = Tensor::arange(n * dim, (Kind::Int64, Device::Cpu)) * 7919 + seed;
            let vectors = numbers.remainder(101).view([n, dim]).to_kind(Kind::Float) - 50.0;
            let ids = (Tensor::arange(n, (Kind::Int64, Device::Cpu)) * 31 + seed).remainder(if collapsed { 1 } else { size });
            let expected = scatter_sums(&vectors, &ids, size).unwrap();
            let found = sorted_sums(&Emulator::default(), &vectors, &ids, size).unwrap();
            prop_assert!(found.counts.equal(&expected.counts), "{:?}, not {:?}", found.counts, expected.counts);
            prop_assert!(found.sums.equal(&expected.sums), "{:?}, not {:?}", found.sums, expected.sums);
        }
    }
}
