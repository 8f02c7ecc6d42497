//! Multi-scale structural similarity, as a metric and as a function with gradients.

use tch::{Kind, Tensor};

use super::local_similarity::{LocalSimilarity, WINDOW};
use crate::checks::{check_not_nan, check_pair};
use crate::{EvalError, Mean};

/// Exponents of the scales from full resolution down (Wang, Simoncelli and Bovik 2003, section 3.2).
const EXPONENTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/// Lower bound of a scale's mean, before it is raised to its exponent.
///
/// A fractional power is undefined below zero and has an infinite slope at zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScaleFloor {
    /// Zero, as with torchmetrics' `normalize="relu"`: the published figure.
    Zero,
    /// A positive number, for training: a scale below it passes no gradient while the others do.
    At(f64),
}

/// MS-SSIM of each image, `[B]`, with gradients.
///
/// `images` and `references` are `[B, 3, H, W]` with `H, W >= 11`, in `[-1, 1]` (a data range of 2), and not clamped.
/// The window is that of SSIM, 11x11 with sigma 1.5.
/// Each scale halves the one before by 2x2 means.
/// The result is the product over the scales of the mean contrast and structure, at the coarsest scale also luminance,
/// each raised to its exponent.
/// As in torchmetrics, the borders of the coarsest scale, and of no other, are reflected.
///
/// # Scales
/// There are five scales if the shorter side, halved four times, holds the window: from 176 pixels on.
/// Smaller images have fewer (4 from 88 pixels, 3 from 44, 2 from 22, 1 from 11), with exponents scaled to the same sum.
/// Values with different numbers of scales are not comparable.
///
/// # Errors
/// [`EvalError::Shape`] if the shapes differ, are not those of images, or are smaller than the window.
pub fn ms_ssim(images: &Tensor, references: &Tensor, floor: ScaleFloor) -> Result<Tensor, EvalError> {
    check_pair("ms_ssim", "[B, 3, H, W] with H, W >= 11", WINDOW, images, references)?;
    let size = images.size();
    let exponents = exponents(size[2].min(size[3]));
    let planes = |batch: &Tensor| batch.flatten(0, 1).unsqueeze(1); // [B * 3, 1, H, W]
    let (mut x, mut y) = (planes(images), planes(references));
    let mut product: Option<Tensor> = None;
    for (scale, &exponent) in exponents.iter().enumerate() {
        let map = if scale + 1 == exponents.len() {
            let reflected = |planes: &Tensor| planes.reflection_pad2d([WINDOW / 2; 4]);
            LocalSimilarity::of(&reflected(&x), &reflected(&y)).structural
        } else {
            LocalSimilarity::of(&x, &y).contrast
        };
        let planes = map.mean_dim([1_i64, 2, 3].as_slice(), false, map.kind()); // [B * 3]
        let mean = planes.view([size[0], 3]).mean_dim(1, false, map.kind()); // [B]
        let factor = floored_power(&mean, exponent, floor);
        product = Some(product.map_or_else(|| factor.shallow_clone(), |product| product * &factor));
        if scale + 1 < exponents.len() {
            let halve = |planes: &Tensor| planes.avg_pool2d(2, 2, 0, false, true, None);
            (x, y) = (halve(&x), halve(&y));
        }
    }
    Ok(product.unwrap_or_else(|| Tensor::ones([size[0]], (images.kind(), images.device()))))
}

/// Exponents for images with the shorter side `side`. They have the sum of all five, 1.0001 in the paper.
fn exponents(side: i64) -> Vec<f64> {
    let kept: Vec<f64> =
        EXPONENTS.into_iter().enumerate().filter(|&(scale, _)| side >> scale >= WINDOW).map(|(_, e)| e).collect();
    let scale = EXPONENTS.iter().sum::<f64>() / kept.iter().sum::<f64>();
    kept.into_iter().map(|exponent| exponent * scale).collect()
}

/// `max(mean, floor) ^ exponent`, whose gradient at a floor of zero is zero, not infinity times zero.
fn floored_power(mean: &Tensor, exponent: f64, floor: ScaleFloor) -> Tensor {
    match floor {
        ScaleFloor::At(floor) => mean.clamp_min(floor).pow_tensor_scalar(exponent),
        ScaleFloor::Zero => {
            let positive = mean.gt(0.0);
            let power = mean.where_self(&positive, &mean.ones_like()).pow_tensor_scalar(exponent);
            power * positive
        }
    }
}

/// Mean over images of [`ms_ssim`] in double precision, with images clamped to `[-1, 1]`.
///
/// It equals torchmetrics' `MultiScaleStructuralSimilarityIndexMeasure(data_range=2.0)` of clamped images, with the
/// exponents of [`ms_ssim`] as `betas` where an image has fewer than five scales.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct MsSsim {
    mean: Mean,
}

impl MsSsim {
    /// Adds a batch: `images` against `references`, both `[B, 3, H, W]` with `H, W >= 11`.
    ///
    /// # Errors
    /// [`EvalError::Shape`] if the shapes differ, are not those of images, or are smaller than the window;
    /// [`EvalError::Input`] if a pixel is NaN.
    pub fn update(&mut self, images: &Tensor, references: &Tensor) -> Result<(), EvalError> {
        check_pair("MsSsim::update", "[B, 3, H, W] with H, W >= 11", WINDOW, images, references)?;
        check_not_nan("MsSsim::update", images, references)?;
        let prepare = |batch: &Tensor| batch.detach().clamp(-1.0, 1.0).to_kind(Kind::Double);
        self.mean.add("MsSsim::update", &ms_ssim(&prepare(images), &prepare(references), ScaleFloor::Zero)?)
    }

    /// Adds another accumulator.
    pub fn merge(&mut self, other: &Self) {
        self.mean.merge(&other.mean);
    }

    /// The mean so far; none before the first image.
    pub fn compute(&self) -> Option<f64> {
        self.mean.compute()
    }
}
