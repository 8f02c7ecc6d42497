//! The laws of quantizers, as one function that the tests of every quantizer call.

use tch::{Device, Kind, Tensor};
use vq_core::{CoreError, Mode, Quantizer};

use crate::support::normal;

/// The laws that only some quantizers satisfy. Laws that all satisfy are not listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Laws {
    /// The gradient of the codes is passed to the latents unchanged.
    pub(crate) identity_gradient: bool,
    /// Codes quantize to themselves, with the same ids.
    pub(crate) fixed_points: bool,
    /// The loss is zero on codes and positive elsewhere.
    pub(crate) loss_zero_on_codes: bool,
    /// The loss is a mean over positions: masking positions equals removing them.
    pub(crate) loss_over_positions: bool,
}

impl Laws {
    /// The laws of VQ-VAE's quantizer.
    pub(crate) const ALL: Self =
        Self { identity_gradient: true, fixed_points: true, loss_zero_on_codes: true, loss_over_positions: true };
}

/// Checks the laws for a quantizer without sampling; `latents` is `[B, C, H, W]`, `B >= 1`, finite.
pub(crate) fn check_laws(quantizer: &dyn Quantizer, latents: &Tensor, laws: Laws) {
    contract(quantizer, latents);
    order_and_strides(quantizer, latents);
    dtypes(quantizer, latents);
    extremes(quantizer, latents);
    empty_batch(quantizer, latents);
    not_finite(quantizer, latents);
    masks(quantizer, latents, laws);
    if laws.identity_gradient {
        identity_gradient(quantizer, latents);
    }
    if laws.fixed_points {
        fixed_points(quantizer, latents, laws);
    }
}

/// Shapes, ranges, the round trip, and that a pass changes no state.
fn contract(quantizer: &dyn Quantizer, latents: &Tensor) {
    let quantized = quantizer.quantize(latents, Mode::Eval).unwrap();
    let (size, layout) = (latents.size(), quantizer.layout());
    assert_eq!(quantized.codes.size(), size);
    assert_eq!(quantized.indices.size(), [size[0], size[2], size[3], layout.slots.len() as i64]);
    layout.check_indices("the quantizer's own ids", &quantized.indices).unwrap();
    assert_eq!(quantized.loss.dim(), 0, "the loss is not a scalar");
    assert!(quantized.loss.double_value(&[]).is_finite());
    let looked_up = quantizer.lookup(&quantized.indices).unwrap();
    assert!(looked_up.equal(&quantized.codes), "ids do not decode to the codes bit for bit");
    if let Some(live) = &quantized.live {
        assert!(live.codes.equal(&quantized.codes), "the live codes differ");
        assert_eq!(live.codebook.size()[0], layout.codes);
    }

    let again = quantizer.quantize(latents, Mode::Eval).unwrap();
    assert!(again.indices.equal(&quantized.indices), "a second pass gives different ids");
    assert!(again.loss.equal(&quantized.loss), "a second pass gives a different loss");
}

/// Ids do not depend on the order of the batch or the strides of the tensor.
fn order_and_strides(quantizer: &dyn Quantizer, latents: &Tensor) {
    let ids = quantizer.quantize(latents, Mode::Eval).unwrap().indices;
    let flipped = quantizer.quantize(&latents.flip([0]), Mode::Eval).unwrap().indices;
    assert!(flipped.equal(&ids.flip([0])), "ids depend on the order of the batch");
    let channels_last = latents.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);
    let spread = latents.repeat_interleave_self_int(2, 3, None).slice(3, 0, None, 2); // every second column
    for strided in [channels_last, spread] {
        assert!(strided.equal(latents));
        assert!(quantizer.quantize(&strided, Mode::Eval).unwrap().indices.equal(&ids), "ids depend on strides");
    }
}

/// Latents of all floating-point dtypes are accepted, with their exact values.
fn dtypes(quantizer: &dyn Quantizer, latents: &Tensor) {
    let double = quantizer.quantize(&latents.to_kind(Kind::Double), Mode::Eval).unwrap();
    assert!(double.indices.equal(&quantizer.quantize(latents, Mode::Eval).unwrap().indices), "ids of Double differ");
    for kind in [Kind::Half, Kind::BFloat16] {
        let low = latents.to_kind(kind);
        let exact = quantizer.quantize(&low.to_kind(Kind::Float), Mode::Eval).unwrap();
        let quantized = quantizer.quantize(&low, Mode::Eval).unwrap();
        assert!(quantized.indices.equal(&exact.indices), "ids of {kind:?} differ");
        assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
    }
    let whole = quantizer.quantize(&latents.to_kind(Kind::Int64), Mode::Eval).unwrap_err();
    assert!(matches!(whole, CoreError::Dtype { .. }), "{whole}");
}

/// Huge, tiny and zero latents have ids that decode. A quantizer can return an error if its own arithmetic overflows.
fn extremes(quantizer: &dyn Quantizer, latents: &Tensor) {
    for factor in [1e30, 1e-30, 0.0] {
        match quantizer.quantize(&(latents * factor), Mode::Eval) {
            Ok(quantized) => {
                assert_eq!(quantized.codes.isfinite().all().int64_value(&[]), 1, "codes of latents times {factor}");
                assert!(
                    quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes),
                    "latents times {factor}"
                );
            }
            Err(CoreError::NotFinite { what, .. }) => assert_ne!(what, "latents"),
            Err(other) => panic!("{other}"),
        }
    }
}

/// An empty batch gives empty codes and a finite loss.
fn empty_batch(quantizer: &dyn Quantizer, latents: &Tensor) {
    let none = latents.narrow(0, 0, 0);
    let quantized = quantizer.quantize(&none, Mode::Eval).unwrap();
    assert_eq!(quantized.codes.size(), none.size());
    assert_eq!(quantized.indices.size()[0], 0);
    assert!(quantized.loss.double_value(&[]).is_finite(), "the loss without positions is {:?}", quantized.loss);
    assert_eq!(quantizer.lookup(&quantized.indices).unwrap().size(), none.size());
}

/// NaN and infinity are errors with their position.
fn not_finite(quantizer: &dyn Quantizer, latents: &Tensor) {
    let size = latents.size();
    let expected: Vec<i64> = size.iter().map(|extent| extent - 1).collect();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let latents = latents.detach().contiguous().copy();
        let _ = latents.view(-1).narrow(0, latents.numel() as i64 - 1, 1).fill_(bad);
        match quantizer.quantize(&latents, Mode::Eval).unwrap_err() {
            CoreError::NotFinite { position, got, .. } => {
                assert_eq!(position, expected);
                assert_eq!(got.to_bits(), bad.to_bits());
            }
            other => panic!("{other}"),
        }
    }
}

/// Padding changes no code and no id; the loss is that of the unmasked positions.
fn masks(quantizer: &dyn Quantizer, latents: &Tensor, laws: Laws) {
    let size = latents.size();
    let ones = Tensor::ones([size[0], size[2], size[3]], (Kind::Bool, Device::Cpu));
    let plain = quantizer.quantize(latents, Mode::Eval).unwrap();
    let all = quantizer.quantize_masked(latents, Some(&ones), Mode::Eval).unwrap();
    close(&all.loss, &plain.loss, "a mask without padding");
    let nothing = quantizer.quantize_masked(latents, Some(&ones.logical_not()), Mode::Eval).unwrap();
    assert!(nothing.indices.equal(&plain.indices) && nothing.codes.equal(&plain.codes), "padding gets different codes");
    assert!(nothing.loss.double_value(&[]).is_finite(), "the loss without positions is {:?}", nothing.loss);
    if laws.loss_over_positions {
        let half = ones.copy();
        let _ = half.select(0, 0).fill_(0);
        let masked = quantizer.quantize_masked(latents, Some(&half), Mode::Eval).unwrap();
        let rest = quantizer.quantize(&latents.narrow(0, 1, size[0] - 1), Mode::Eval).unwrap();
        close(&masked.loss, &rest.loss, "a mask of one image");
    }
    let wrong = quantizer.quantize_masked(latents, Some(&ones.unsqueeze(0)), Mode::Eval).unwrap_err();
    assert!(matches!(wrong, CoreError::Shape { .. }), "{wrong}");
    let wrong = quantizer.quantize_masked(latents, Some(&ones.to_kind(Kind::Float)), Mode::Eval).unwrap_err();
    assert!(matches!(wrong, CoreError::Dtype { .. }), "{wrong}");
}

/// The straight-through estimator is the identity, bit for bit.
fn identity_gradient(quantizer: &dyn Quantizer, latents: &Tensor) {
    let latents = latents.detach().copy().set_requires_grad(true);
    let quantized = quantizer.quantize(&latents, Mode::Train).unwrap();
    let upstream = normal(99, &latents.size());
    (&quantized.codes * &upstream).sum(Kind::Float).backward();
    assert!(latents.grad().equal(&upstream), "the gradient is not the identity");
}

/// Quantizing codes gives the same ids and codes.
fn fixed_points(quantizer: &dyn Quantizer, latents: &Tensor, laws: Laws) {
    let once = quantizer.quantize(latents, Mode::Eval).unwrap();
    let twice = quantizer.quantize(&once.codes, Mode::Eval).unwrap();
    assert!(twice.indices.equal(&once.indices), "codes get different ids");
    assert!(twice.codes.equal(&once.codes), "codes get different codes");
    if laws.loss_zero_on_codes {
        assert_eq!(twice.loss.double_value(&[]), 0.0, "the loss on codes is not zero");
        if !once.codes.equal(latents) {
            assert!(once.loss.double_value(&[]) > 0.0, "the loss off codes is zero");
        }
    }
}

fn close(got: &Tensor, expected: &Tensor, what: &str) {
    let (got, expected) = (got.double_value(&[]), expected.double_value(&[]));
    assert!((got - expected).abs() <= 1e-5 * expected.abs().max(1e-3), "{what}: a loss of {got}, not {expected}");
}
