//! Rows drawn at random.

use tch::{Kind, Tensor};

/// `count` rows of `[N, D]`, N >= 1, in random order: all different where N allows it, else each row as often as any
/// other, give or take one.
pub(crate) fn random_rows(rows: &Tensor, count: i64) -> Tensor {
    let n = rows.size()[0];
    let rounds = (count + n - 1) / n;
    let orders: Vec<Tensor> = (0..rounds).map(|_| Tensor::randperm(n, (Kind::Int64, rows.device()))).collect();
    rows.index_select(0, &Tensor::cat(&orders, 0).narrow(0, 0, count))
}
