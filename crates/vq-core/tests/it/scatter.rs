use proptest::prelude::*;
use tch::{Device, Kind, Tensor};
use vq_core::{ClusterSums, CoreError, scatter_sums};

use crate::oracle::assert_close;
use crate::support::{ids, normal};

/// Reference: a one-hot matrix product in f64.
fn by_matmul(vectors: &Tensor, ids: &Tensor, size: i64) -> ClusterSums {
    let ones = ids.one_hot(size).to_kind(Kind::Double); // [N, K]
    ClusterSums {
        counts: ones.sum_dim_intlist(0, false, Kind::Double),
        sums: ones.transpose(0, 1).matmul(&vectors.to_kind(Kind::Double)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_equal_a_matmul(
        seed in 0_u64..1000,
        n in 1_i64..200,
        size in 1_i64..40,
        dim in 1_i64..20,
        strided in any::<bool>(),
        double in any::<bool>(),
    ) {
        let vectors = if strided { normal(seed, &[dim, n]).transpose(0, 1) } else { normal(seed, &[n, dim]) };
        let vectors = vectors.to_kind(if double { Kind::Double } else { Kind::Float });
        let ids = (normal(seed + 1, &[n]).abs() * 7.0).to_kind(Kind::Int64).remainder(size);
        let (found, expected) = (scatter_sums(&vectors, &ids, size).unwrap(), by_matmul(&vectors, &ids, size));
        prop_assert_eq!(found.sums.kind(), vectors.kind());
        assert_close(&found.counts, &expected.counts, 0.0, "counts");
        assert_close(&found.sums, &expected.sums, if double { 1e-12 } else { 1e-4 }, "sums");
    }
}

#[test]
fn empty_vectors_have_zero_sums() {
    let none = Tensor::zeros([0], (Kind::Int64, Device::Cpu));
    let found = scatter_sums(&normal(1, &[0, 3]), &none, 4).unwrap();
    assert_eq!((found.counts.size(), found.sums.size()), (vec![4], vec![4, 3]));
    assert_eq!(
        found.sums.abs().sum(Kind::Float).double_value(&[]) + found.counts.sum(Kind::Float).double_value(&[]),
        0.0
    );
}

#[test]
fn invalid_inputs_are_errors() {
    let vectors = normal(1, &[2, 3]);
    let refused = |vectors: &Tensor, ids: &Tensor| scatter_sums(vectors, ids, 4).unwrap_err().to_string();
    assert_eq!(refused(&vectors, &ids(&[0, 4], &[2])), "scatter_sums: expected ids in 0..4, got 4");
    assert_eq!(refused(&vectors, &ids(&[-1, 0], &[2])), "scatter_sums: expected ids in 0..4, got -1");
    assert_eq!(refused(&vectors, &ids(&[0], &[1])), "scatter_sums: expected shape ids [2], got [1]");
    assert_eq!(refused(&normal(1, &[2]), &ids(&[0, 1], &[2])), "scatter_sums: expected shape [N, D], got [2]");
    let error = scatter_sums(&vectors, &normal(1, &[2]), 4).unwrap_err();
    assert!(matches!(error, CoreError::Dtype { .. }), "{error}");
    let error = scatter_sums(&vectors.to_kind(Kind::Int64), &ids(&[0, 1], &[2]), 4).unwrap_err();
    assert!(matches!(error, CoreError::Dtype { .. }), "{error}");
}
