//! Random changes of brightness, contrast and saturation.

use serde::{Deserialize, Serialize};
use vq_random::RandomStream;

use crate::DataError;

/// How much brightness, contrast and saturation change randomly.
///
/// Each factor is uniform in `max(0, 1 - a)..=1 + a`, where `a` is the number here; 0 changes nothing.
/// They are applied in this order, each clamped to the range of colours, by the formulas of torchvision's
/// `adjust_brightness`, `adjust_contrast` and `adjust_saturation`: the colour is scaled by the factor; blended with the
/// mean grey of the image; blended with the grey of its pixel. Grey is 0.2989 red + 0.587 green + 0.114 blue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jitter {
    /// At least 0.
    pub brightness: f64,
    /// At least 0.
    pub contrast: f64,
    /// At least 0.
    pub saturation: f64,
}

/// The factors for one image.
pub(super) struct JitterFactors {
    brightness: f32,
    contrast: f32,
    saturation: f32,
}

impl Jitter {
    /// Whether no image changes.
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self) -> Result<(), DataError> {
        let parts = [("brightness", self.brightness), ("contrast", self.contrast), ("saturation", self.saturation)];
        for (name, amount) in parts {
            if !(amount >= 0.0 && amount.is_finite()) {
                return Err(DataError::unexpected("transform", format!("a jitter.{name} of at least 0"), amount));
            }
        }
        Ok(())
    }

    pub(super) fn draw(&self, stream: &mut RandomStream) -> JitterFactors {
        let mut factor = |amount: f64| {
            let (min, max) = ((1.0 - amount).max(0.0), 1.0 + amount);
            (min + (max - min) * stream.unit()) as f32
        };
        JitterFactors {
            brightness: factor(self.brightness),
            contrast: factor(self.contrast),
            saturation: factor(self.saturation),
        }
    }
}

impl JitterFactors {
    /// Changes `[3, S, S]` in `-1.0..=1.0`.
    pub(super) fn apply(&self, chw: &mut [f32]) {
        let plane = chw.len() / 3;
        let (red, rest) = chw.split_at_mut(plane);
        let (green, blue) = rest.split_at_mut(plane);
        if self.brightness != 1.0 {
            for value in red.iter_mut().chain(green.iter_mut()).chain(blue.iter_mut()) {
                *value = blend(*value, -1.0, self.brightness);
            }
        }
        if self.contrast != 1.0 {
            let sum: f64 = red.iter().zip(&*green).zip(&*blue).map(|((r, g), b)| f64::from(grey(*r, *g, *b))).sum();
            let mean = (sum / plane as f64) as f32;
            for value in red.iter_mut().chain(green.iter_mut()).chain(blue.iter_mut()) {
                *value = blend(*value, mean, self.contrast);
            }
        }
        if self.saturation != 1.0 {
            for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
                let grey = grey(*red, *green, *blue);
                for value in [red, green, blue] {
                    *value = blend(*value, grey, self.saturation);
                }
            }
        }
    }
}

/// Interpolates from `base` to the value, and extrapolates with a factor above 1.
fn blend(value: f32, base: f32, factor: f32) -> f32 {
    (base + (value - base) * factor).clamp(-1.0, 1.0)
}

/// The grey of a colour in `-1.0..=1.0`. The weights add up to 0.9999, so they are applied to the distance from black,
/// -1.
fn grey(red: f32, green: f32, blue: f32) -> f32 {
    0.2989 * (red + 1.0) + 0.587 * (green + 1.0) + 0.114 * (blue + 1.0) - 1.0
}
