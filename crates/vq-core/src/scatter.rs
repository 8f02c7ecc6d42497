//! Sums and counts per code: what the moving averages of a codebook learn from.

use tch::{Kind, Tensor};

use crate::CoreError;

/// How many vectors fell to each code, and their sum.
#[derive(Debug)]
pub struct ClusterSums {
    /// `[K]`, of the kind of the vectors.
    pub counts: Tensor,
    /// `[K, D]`, of the kind of the vectors.
    pub sums: Tensor,
}

/// Adds up vectors `[N, D]` by their ids `[N]`, `Int64`, each in `0..size`; off the autograd graph.
///
/// The sum is exact up to the order of the additions, which is that of the vectors on a CPU.
/// No `[N, K]` matrix is made.
///
/// # Errors
/// [`CoreError::Shape`] unless there is one id for each vector; [`CoreError::Kind`] unless ids are `Int64` and vectors
/// floating-point numbers; [`CoreError::Option`] if an id lies outside of `0..size`.
pub fn scatter_sums(vectors: &Tensor, ids: &Tensor, size: i64) -> Result<ClusterSums, CoreError> {
    const OP: &str = "scatter_sums";
    let &[n, width] = &vectors.size()[..] else {
        return Err(CoreError::Shape { op: OP, expected: "[N, D]".into(), got: vectors.size() });
    };
    if !vectors.is_floating_point() {
        let got = format!("{:?} for vectors", vectors.kind());
        return Err(CoreError::Kind { op: OP, expected: "Float, Double, Half or BFloat16", got });
    }
    if ids.size() != [n] {
        return Err(CoreError::Shape { op: OP, expected: format!("ids [{n}]"), got: ids.size() });
    }
    tch::no_grad(|| {
        let counts = scatter_counts(OP, ids, size)?.to_kind(vectors.kind());
        let mut sums = Tensor::zeros([size, width], (vectors.kind(), vectors.device()));
        if n > 0 {
            // An index that is expanded, not copied, takes libtorch's sorted path: several times faster on CPUs than
            // `index_add_`, which adds row by row.
            let _ = sums.scatter_add_(0, &ids.unsqueeze(1).expand([n, width], false), vectors);
        }
        Ok(ClusterSums { counts, sums })
    })
}

/// How often each of `size` ids occurs in `[N]`: `[K]`, `Int64`.
pub(crate) fn scatter_counts(op: &'static str, ids: &Tensor, size: i64) -> Result<Tensor, CoreError> {
    if ids.kind() != Kind::Int64 {
        return Err(CoreError::Kind { op, expected: "Int64", got: format!("{:?} for ids", ids.kind()) });
    }
    if ids.numel() > 0 {
        for got in [ids.min().int64_value(&[]), ids.max().int64_value(&[])] {
            if !(0..size).contains(&got) {
                return Err(CoreError::Option { op, expected: format!("ids in 0..{size}"), got: got.to_string() });
            }
        }
    }
    Ok(ids.bincount::<Tensor>(None, size))
}
