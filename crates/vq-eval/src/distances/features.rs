//! Features of two sets, kept in memory.

use tch::{Kind, Tensor};

use super::side::Side;
use crate::EvalError;

/// Checks features `[N, D]` and returns `D`, which must equal `before` if that is known.
pub(super) fn check_features(op: &'static str, features: &Tensor, before: Option<i64>) -> Result<i64, EvalError> {
    let refuse = |expected: &str, got: String| Err(EvalError::input(op, expected, got));
    let width = match (<[i64; 2]>::try_from(features.size()), before) {
        (Ok([_, width]), None) if width > 0 => width,
        (Ok([_, width]), Some(before)) if width == before => width,
        (_, None) => return refuse("features [N, D]", format!("{:?}", features.size())),
        (_, Some(before)) => {
            return refuse(&format!("features [N, {before}], as before"), format!("{:?}", features.size()));
        }
    };
    if !features.is_floating_point() {
        return refuse("floating-point features", format!("{:?}", features.kind()));
    }
    let finite = features.isfinite().all_dim(1, false); // [N]
    if !bool::try_from(finite.all()).unwrap_or(false) {
        let row = finite.to_kind(Kind::Int64).argmin(0, false).int64_value(&[]);
        return refuse("finite features", format!("others in row {row} of {}", features.size()[0]));
    }
    Ok(width)
}

/// The common width of two accumulators, each of which may be unknown.
pub(super) fn check_merge(op: &'static str, ours: Option<i64>, theirs: Option<i64>) -> Result<Option<i64>, EvalError> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours != theirs => {
            Err(EvalError::input(op, format!("features [N, {ours}], as before"), format!("[N, {theirs}]")))
        }
        _ => Ok(ours.or(theirs)),
    }
}

/// Features of two sets, with their own dtype and device.
#[derive(Debug, Default)]
pub(super) struct FeaturePair {
    /// Each `[N, D]`.
    images: Vec<Tensor>,
    /// Each `[N, D]`.
    references: Vec<Tensor>,
    width: Option<i64>,
}

impl FeaturePair {
    /// Adds features `[N, D]` to a side.
    pub(super) fn update(&mut self, op: &'static str, side: Side, features: &Tensor) -> Result<(), EvalError> {
        self.width = Some(check_features(op, features, self.width)?);
        let batches = match side {
            Side::Images => &mut self.images,
            Side::References => &mut self.references,
        };
        // A copy, since the caller may overwrite its tensor.
        batches.push(features.detach().copy());
        Ok(())
    }

    pub(super) fn width(&self) -> Option<i64> {
        self.width
    }

    /// Appends the batches of another.
    pub(super) fn merge(&mut self, op: &'static str, other: &Self) -> Result<(), EvalError> {
        self.width = check_merge(op, self.width, other.width)?;
        self.images.extend(other.images.iter().map(Tensor::shallow_clone));
        self.references.extend(other.references.iter().map(Tensor::shallow_clone));
        Ok(())
    }

    /// All features of both sides, each of which must have `least` rows or more.
    pub(super) fn joined(&self, op: &'static str, least: i64) -> Result<Joined, EvalError> {
        let count = |batches: &[Tensor]| batches.iter().map(|batch| batch.size()[0]).sum::<i64>();
        let (images, references) = (count(&self.images), count(&self.references));
        if images < least || references < least {
            let expected = format!("{least} images and references or more");
            return Err(EvalError::input(op, expected, format!("{images} and {references}")));
        }
        let device = self.images[0].device();
        let join = |batches: &[Tensor]| {
            let batches: Vec<_> = batches.iter().map(|batch| batch.to_device(device).to_kind(Kind::Double)).collect();
            Tensor::cat(&batches, 0)
        };
        Ok(Joined { images: join(&self.images), references: join(&self.references) })
    }
}

/// Features of two sets, `Double`, on one device.
pub(super) struct Joined {
    /// `[M, D]`.
    pub(super) images: Tensor,
    /// `[N, D]`.
    pub(super) references: Tensor,
}
