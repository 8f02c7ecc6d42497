use proptest::prelude::*;
use tch::{Kind, Tensor};
use vq_core::{rotation_trick, straight_through};

use crate::oracle::assert_close;
use crate::support::normal;

/// The gradient of latents `[N, D]` under the rotation trick.
fn rotated(latents: &Tensor, codes: &Tensor, upstream: &Tensor) -> Tensor {
    let latents = latents.copy().set_requires_grad(true);
    let passed = rotation_trick(&latents, codes);
    assert!(passed.equal(codes), "the values differ from the codes");
    (passed * upstream).sum(Kind::Float).backward();
    latents.grad()
}

fn length(rows: &Tensor) -> Tensor {
    rows.to_kind(Kind::Double).norm_scalaropt_dim(2.0, [1_i64], false)
}

fn cosine(one: &Tensor, other: &Tensor) -> Tensor {
    let dots = (one.to_kind(Kind::Double) * other.to_kind(Kind::Double)).sum_dim_intlist(1, false, Kind::Double);
    dots / (length(one) * length(other))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rotation_preserves_the_angle_and_scales_by_the_norms(
        seed in 0_u64..1000,
        n in 1_i64..20,
        dim in 2_i64..12,
        scale in 0.01_f64..100.0,
    ) {
        let (z, e) = (normal(seed, &[n, dim]), normal(seed + 1, &[n, dim]) * scale);
        let upstream = normal(seed + 2, &[n, dim]);
        // Nearly opposite vectors have no well-defined plane of rotation, and lose precision.
        prop_assume!(cosine(&z, &e).min().double_value(&[]) > -0.99);
        let gradient = rotated(&z, &e, &upstream);
        assert_close(&cosine(&gradient, &z), &cosine(&upstream, &e), 1e-3, "the angle");
        let ratio = length(&gradient) / length(&upstream) / (length(&e) / length(&z));
        assert_close(&ratio, &ratio.ones_like(), 1e-3, "the length");
    }

    #[test]
    fn parallel_vectors_only_scale(seed in 0_u64..1000, n in 1_i64..10, dim in 1_i64..8, scale in 0.1_f64..10.0) {
        let (z, upstream) = (normal(seed, &[n, dim]), normal(seed + 1, &[n, dim]));
        assert_close(&rotated(&z, &(&z * scale), &upstream), &(&upstream * scale), 1e-3, "the gradient");
    }

    #[test]
    fn straight_through_is_the_identity(seed in 0_u64..1000, n in 0_i64..10) {
        let (z, e) = (normal(seed, &[n, 3]).set_requires_grad(true), normal(seed + 1, &[n, 3]));
        let upstream = normal(seed + 2, &[n, 3]);
        let passed = straight_through(&z, &e);
        prop_assert!(passed.equal(&e));
        (passed * &upstream).sum(Kind::Float).backward();
        prop_assert!(z.grad().equal(&upstream));
    }
}

#[test]
fn zero_vectors_get_zero_gradient() {
    let (z, e, upstream) = (normal(1, &[4, 3]), normal(2, &[4, 3]), normal(3, &[4, 3]));
    for zeroed in 0..3 {
        let (z, e) = (z.copy(), e.copy());
        if zeroed != 1 {
            let _ = z.get(2).zero_();
        }
        if zeroed != 0 {
            let _ = e.get(2).zero_();
        }
        let gradient = rotated(&z, &e, &upstream);
        assert_eq!(Vec::<f32>::try_from(gradient.get(2)).unwrap(), [0.0; 3], "case {zeroed}");
        let others = rotated(&z.narrow(0, 0, 2), &e.narrow(0, 0, 2), &upstream.narrow(0, 0, 2));
        assert!(gradient.narrow(0, 0, 2).equal(&others), "case {zeroed}: another row changes");
    }
}

#[test]
fn opposite_vectors_give_finite_gradients() {
    let z = normal(1, &[4, 3]);
    let gradient = rotated(&z, &-&z, &normal(2, &[4, 3]));
    assert!(gradient.isfinite().all().int64_value(&[]) == 1);
}
