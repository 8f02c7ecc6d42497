//! What the tests share.

use tch::{Kind, Tensor};
use vq_core::{FixedCodebook, Mode, Quantizer};

/// Seeded standard normal numbers; a generator of its own, since tests run side by side and torch's is shared.
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

pub(crate) fn codebook(seed: u64, size: i64, width: i64) -> Box<FixedCodebook> {
    Box::new(FixedCodebook::new(&normal(seed, &[size, width])).unwrap())
}

pub(crate) fn ids(values: &[i64], size: &[i64]) -> Tensor {
    Tensor::from_slice(values).view(size)
}

/// The laws that hold for every quantizer that replaces latents by codes with a straight-through gradient.
pub(crate) fn check_laws(quantizer: &dyn Quantizer, latents: &Tensor) {
    let latents = latents.copy().set_requires_grad(true);
    let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
    let layout = quantizer.layout();

    let size = latents.size();
    assert_eq!(quantized.codes.size(), size);
    assert_eq!(quantized.indices.size(), [size[0], size[2], size[3], layout.slots.len() as i64]);
    layout.check_indices("the quantizer's own ids", &quantized.indices).unwrap();
    assert!(quantized.loss.double_value(&[]) >= 0.0);

    let looked_up = quantizer.lookup(&quantized.indices).unwrap();
    assert!(looked_up.equal(&quantized.codes), "ids do not decode to the codes, bit for bit");

    let again = quantizer.quantize(&latents, Mode::Eval).unwrap();
    assert!(again.indices.equal(&quantized.indices), "a second pass gives other ids");

    let upstream = normal(99, &size);
    (&quantized.codes * &upstream).sum(Kind::Float).backward();
    assert!(latents.grad().equal(&upstream), "the gradient does not pass straight through");
}
