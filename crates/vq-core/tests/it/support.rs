//! Helpers of the tests.

use tch::Tensor;
use vq_core::FixedCodebook;

/// Seeded standard normal numbers, from a separate generator, because concurrent tests share torch's.
pub(crate) fn normal(seed: u64, size: &[i64]) -> Tensor {
    let mut state = seed.wrapping_mul(2) + 1;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 + 0.5) / (1_u64 << 31) as f64
    };
    let count: i64 = size.iter().product();
    let values: Vec<f32> = (0..count)
        .map(|_| ((-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()) as f32)
        .collect();
    Tensor::from_slice(&values).view(size)
}

pub(crate) fn codebook(seed: u64, size: i64, dim: i64) -> Box<FixedCodebook> {
    Box::new(FixedCodebook::new(&normal(seed, &[size, dim])).unwrap())
}

pub(crate) fn ids(values: &[i64], size: &[i64]) -> Tensor {
    Tensor::from_slice(values).view(size)
}
