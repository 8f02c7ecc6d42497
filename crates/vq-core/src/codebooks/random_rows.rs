//! Random rows of a matrix.

use tch::{Kind, Tensor};

/// `count` rows of `[N, D]`, N >= 1, in random order. They are distinct if `count <= N`; otherwise the numbers of times
/// that two rows appear differ by at most one.
pub(super) fn random_rows(rows: &Tensor, count: i64) -> Tensor {
    let n = rows.size()[0];
    let rounds = (count + n - 1) / n;
    let orders: Vec<Tensor> = (0..rounds).map(|_| Tensor::randperm(n, (Kind::Int64, rows.device()))).collect();
    rows.index_select(0, &Tensor::cat(&orders, 0).narrow(0, 0, count))
}
