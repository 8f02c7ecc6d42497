//! The share of a heat map's mass that lies on an object.

use serde::{Deserialize, Serialize};
use tch::Kind;
use tch::Tensor;

use super::grid::Grid;
use crate::EvalError;

const OP: &str = "MassInside::update";

/// The share of a heat map's mass that lies on an object, against the share of the image that the object covers.
///
/// A position counts by the share of its pixels that belong to the object.
/// Words without any mass are counted apart: a code that no position chose has an empty heat map.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct MassInside {
    inside: f64,
    area: f64,
    words: u64,
    silent: u64,
}

/// Result of [`MassInside::compute`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MassScores {
    /// Mean share of the mass that lies on the object, in `0..=1`.
    pub inside: f64,
    /// Mean share of the image that the object covers: the score of an even heat map.
    pub area: f64,
    /// `inside / area`; chance is 1.
    pub lift: f64,
    /// Words with mass.
    pub words: u64,
    /// Words without mass, which the shares leave out.
    pub silent: u64,
}

impl MassInside {
    /// Adds a word: its scores `[H, W]`, each 0 or more, and its object's mask `[h, w]`, `Bool`, with at least one
    /// pixel; `H` divides `h` and `W` divides `w`.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the shapes do not fit, a score is negative or not finite, or the mask is empty.
    pub fn update(&mut self, scores: &Tensor, mask: &Tensor) -> Result<(), EvalError> {
        let Grid { scores, coverage } = Grid::new(OP, scores, mask)?;
        let (least, mass) = (scores.min().double_value(&[]), scores.sum(Kind::Double).double_value(&[]));
        if !(least >= 0.0 && mass.is_finite()) {
            let got = format!("a least score of {least} and a sum of {mass}");
            return Err(EvalError::input(OP, "finite scores of 0 or more", got));
        }
        let area = coverage.mean(Kind::Double).double_value(&[]);
        if area == 0.0 {
            return Err(EvalError::input(OP, "a mask with at least one pixel", "an empty one"));
        }
        if mass == 0.0 {
            self.silent += 1;
            return Ok(());
        }
        self.inside += (scores * coverage).sum(Kind::Double).double_value(&[]) / mass;
        self.area += area;
        self.words += 1;
        Ok(())
    }

    /// Adds another accumulator.
    pub fn merge(&mut self, other: &Self) {
        self.inside += other.inside;
        self.area += other.area;
        self.words += other.words;
        self.silent += other.silent;
    }

    /// The scores so far; none before the first word with mass.
    pub fn compute(&self) -> Option<MassScores> {
        let Self { inside, area, words, silent } = *self;
        let count = words as f64;
        (words > 0).then(|| MassScores {
            inside: inside / count,
            area: area / count,
            lift: inside / area,
            words,
            silent,
        })
    }
}
