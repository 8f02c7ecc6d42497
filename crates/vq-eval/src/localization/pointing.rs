//! Whether a word's highest score lies on its object.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::grid::Grid;
use crate::EvalError;

const OP: &str = "Pointing::update";

/// Share of a position's pixels from which on the position shows the object.
const SHOWN: f64 = 0.25;

/// The pointing game (Zhang et al., arXiv 1608.00507, section 4.1) on a grid of positions, without tolerance.
///
/// A word hits if the position of its highest score shows the object that it names; several highest positions share the
/// hit equally.
/// A position shows an object if a quarter of its pixels do.
/// Objects too small to be shown by any position are left out and counted.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Pointing {
    hits: f64,
    chance: f64,
    words: u64,
    unseen: u64,
}

/// Result of [`Pointing::compute`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointingScores {
    /// Share of words that hit, in `0..=1`.
    pub accuracy: f64,
    /// Accuracy of pointing at random: the mean share of positions that show the object.
    pub chance: f64,
    /// Words whose object is shown by a position.
    pub words: u64,
    /// Words whose object is shown by no position, which the shares leave out.
    pub unseen: u64,
}

impl Pointing {
    /// Adds a word: its scores `[H, W]`, floating-point, and its object's mask `[h, w]`, `Bool`; `H` divides `h` and
    /// `W` divides `w`.
    ///
    /// # Errors
    /// [`EvalError::Input`] if the shapes do not fit, or a score is NaN.
    pub fn update(&mut self, scores: &Tensor, mask: &Tensor) -> Result<(), EvalError> {
        let Grid { scores, coverage } = Grid::new(OP, scores, mask)?;
        if scores.isnan().any().int64_value(&[]) != 0 {
            return Err(EvalError::input(OP, "scores that are numbers", "NaN"));
        }
        let shown = coverage.ge(SHOWN).to_kind(Kind::Double); // [H, W]
        if shown.sum(Kind::Double).double_value(&[]) == 0.0 {
            self.unseen += 1;
            return Ok(());
        }
        let highest = scores.eq_tensor(&scores.max()).to_kind(Kind::Double);
        let hit = (&highest * &shown).sum(Kind::Double) / highest.sum(Kind::Double);
        self.hits += hit.double_value(&[]);
        self.chance += shown.mean(Kind::Double).double_value(&[]);
        self.words += 1;
        Ok(())
    }

    /// Adds another accumulator.
    pub fn merge(&mut self, other: &Self) {
        self.hits += other.hits;
        self.chance += other.chance;
        self.words += other.words;
        self.unseen += other.unseen;
    }

    /// The scores so far; none before the first word.
    pub fn compute(&self) -> Option<PointingScores> {
        let Self { hits, chance, words, unseen } = *self;
        let count = words as f64;
        (words > 0).then(|| PointingScores { accuracy: hits / count, chance: chance / count, words, unseen })
    }
}
