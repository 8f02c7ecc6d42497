//! The laws of quantizers, as one check that every quantizer's own tests call.

use tch::{Device, Kind, Tensor};
use vq_core::{CoreError, Mode, Quantizer};

use crate::support::normal;

/// The laws that some quantizers do not promise; those that all do are not listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Laws {
    /// The gradient of the codes is passed on to the latents unchanged.
    pub(crate) identity_gradient: bool,
    /// Codes quantize to themselves, with the same ids.
    pub(crate) fixed_points: bool,
    /// The loss is zero exactly on codes: zero there, and not elsewhere.
    pub(crate) loss_zero_on_codes: bool,
    /// The loss is a mean over positions, so that a mask is the same as leaving positions out.
    pub(crate) loss_over_positions: bool,
}

impl Laws {
    /// Those of VQ-VAE's quantizer.
    pub(crate) const ALL: Self =
        Self { identity_gradient: true, fixed_points: true, loss_zero_on_codes: true, loss_over_positions: true };
}

/// Holds a quantizer without sampling against the laws; `latents` is `[B, C, H, W]`, `B >= 1`, finite.
pub(crate) fn check_laws(quantizer: &dyn Quantizer, latents: &Tensor, laws: Laws) {
    contract(quantizer, latents);
    order_and_strides(quantizer, latents);
    kinds(quantizer, latents);
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

/// Shapes, ranges, the round trip, and that a pass leaves nothing behind.
fn contract(quantizer: &dyn Quantizer, latents: &Tensor) {
    let quantized = quantizer.quantize(latents, Mode::Eval).unwrap();
    let (size, layout) = (latents.size(), quantizer.layout());
    assert_eq!(quantized.codes.size(), size);
    assert_eq!(quantized.indices.size(), [size[0], size[2], size[3], layout.slots.len() as i64]);
    layout.check_indices("the quantizer's own ids", &quantized.indices).unwrap();
    assert_eq!(quantized.loss.dim(), 0, "the loss is no scalar");
    assert!(quantized.loss.double_value(&[]).is_finite());
    let looked_up = quantizer.lookup(&quantized.indices).unwrap();
    assert!(looked_up.equal(&quantized.codes), "ids do not decode to the codes, bit for bit");
    if let Some(live) = &quantized.live {
        assert!(live.codes.equal(&quantized.codes), "the live codes are others");
        assert_eq!(live.codebook.size()[0], layout.codes);
    }

    let again = quantizer.quantize(latents, Mode::Eval).unwrap();
    assert!(again.indices.equal(&quantized.indices), "a second pass gives other ids");
    assert!(again.loss.equal(&quantized.loss), "a second pass gives another loss");
}

/// Neither the order of the batch nor the strides of the tensor matter.
fn order_and_strides(quantizer: &dyn Quantizer, latents: &Tensor) {
    let ids = quantizer.quantize(latents, Mode::Eval).unwrap().indices;
    let flipped = quantizer.quantize(&latents.flip([0]), Mode::Eval).unwrap().indices;
    assert!(flipped.equal(&ids.flip([0])), "the order of the batch matters");
    let channels_last = latents.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2]);
    let spread = latents.repeat_interleave_self_int(2, 3, None).slice(3, 0, None, 2); // every second column
    for strided in [channels_last, spread] {
        assert!(strided.equal(latents));
        assert!(quantizer.quantize(&strided, Mode::Eval).unwrap().indices.equal(&ids), "strides matter");
    }
}

/// Latents of any floating kind are taken as the numbers that they are.
fn kinds(quantizer: &dyn Quantizer, latents: &Tensor) {
    let double = quantizer.quantize(&latents.to_kind(Kind::Double), Mode::Eval).unwrap();
    assert!(double.indices.equal(&quantizer.quantize(latents, Mode::Eval).unwrap().indices), "Double matters");
    for kind in [Kind::Half, Kind::BFloat16] {
        let low = latents.to_kind(kind);
        let exact = quantizer.quantize(&low.to_kind(Kind::Float), Mode::Eval).unwrap();
        let quantized = quantizer.quantize(&low, Mode::Eval).unwrap();
        assert!(quantized.indices.equal(&exact.indices), "{kind:?} matters");
        assert!(quantizer.lookup(&quantized.indices).unwrap().equal(&quantized.codes));
    }
    let whole = quantizer.quantize(&latents.to_kind(Kind::Int64), Mode::Eval).unwrap_err();
    assert!(matches!(whole, CoreError::Dtype { .. }), "{whole}");
}

/// Huge, tiny and zero latents have ids that decode; a quantizer may say that its own arithmetic does not reach so far.
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

/// No images give no codes, and a loss of zero.
fn empty_batch(quantizer: &dyn Quantizer, latents: &Tensor) {
    let none = latents.narrow(0, 0, 0);
    let quantized = quantizer.quantize(&none, Mode::Eval).unwrap();
    assert_eq!(quantized.codes.size(), none.size());
    assert_eq!(quantized.indices.size()[0], 0);
    assert!(quantized.loss.double_value(&[]).is_finite(), "the loss of nothing is {:?}", quantized.loss);
    assert_eq!(quantizer.lookup(&quantized.indices).unwrap().size(), none.size());
}

/// NaN and infinity are refused, and the error says where.
fn not_finite(quantizer: &dyn Quantizer, latents: &Tensor) {
    let size = latents.size();
    let place: Vec<i64> = size.iter().map(|extent| extent - 1).collect();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let latents = latents.detach().contiguous().copy();
        let _ = latents.view(-1).narrow(0, latents.numel() as i64 - 1, 1).fill_(bad);
        match quantizer.quantize(&latents, Mode::Eval).unwrap_err() {
            CoreError::NotFinite { position, got, .. } => {
                assert_eq!(position, place);
                assert_eq!(got.to_bits(), bad.to_bits());
            }
            other => panic!("{other}"),
        }
    }
}

/// Padding changes no code and no id; the loss is that of the positions that count.
fn masks(quantizer: &dyn Quantizer, latents: &Tensor, laws: Laws) {
    let size = latents.size();
    let ones = Tensor::ones([size[0], size[2], size[3]], (Kind::Bool, Device::Cpu));
    let plain = quantizer.quantize(latents, Mode::Eval).unwrap();
    let all = quantizer.quantize_masked(latents, Some(&ones), Mode::Eval).unwrap();
    close(&all.loss, &plain.loss, "a mask of everything");
    let nothing = quantizer.quantize_masked(latents, Some(&ones.logical_not()), Mode::Eval).unwrap();
    assert!(nothing.indices.equal(&plain.indices) && nothing.codes.equal(&plain.codes), "padding gets other codes");
    assert!(nothing.loss.double_value(&[]).is_finite(), "the loss of nothing is {:?}", nothing.loss);
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
    assert!(latents.grad().equal(&upstream), "the gradient does not pass straight through");
}

/// Quantizing codes gives the same ids and codes.
fn fixed_points(quantizer: &dyn Quantizer, latents: &Tensor, laws: Laws) {
    let once = quantizer.quantize(latents, Mode::Eval).unwrap();
    let twice = quantizer.quantize(&once.codes, Mode::Eval).unwrap();
    assert!(twice.indices.equal(&once.indices), "codes are given other ids");
    assert!(twice.codes.equal(&once.codes), "codes are given other codes");
    if laws.loss_zero_on_codes {
        assert_eq!(twice.loss.double_value(&[]), 0.0, "codes have a loss");
        if !once.codes.equal(latents) {
            assert!(once.loss.double_value(&[]) > 0.0, "latents that are no codes have no loss");
        }
    }
}

fn close(got: &Tensor, expected: &Tensor, what: &str) {
    let (got, expected) = (got.double_value(&[]), expected.double_value(&[]));
    assert!((got - expected).abs() <= 1e-5 * expected.abs().max(1e-3), "{what}: a loss of {got}, not {expected}");
}
