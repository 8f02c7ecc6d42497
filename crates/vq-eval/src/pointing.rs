//! Whether a word's highest score in an image lies where the thing is.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::EvalError;

/// A position shows a thing if at least this part of its pixels does.
const SHOWN: f64 = 0.25;

/// The pointing game (Zhang et al., arXiv 1608.00507, section 4.1) on a grid of positions, without tolerance.
///
/// A word hits if the position of its highest score shows the thing that it names; of several highest positions, each
/// has the same share in the hit. A position shows a thing if a quarter of its pixels do.
/// Things so small that no position shows them are left out, and counted.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Pointing {
    hits: f64,
    chance: f64,
    words: u64,
    unseen: u64,
}

/// What [`Pointing::compute`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointingScores {
    /// Share of words that hit, in `0..=1`.
    pub accuracy: f64,
    /// What pointing at random would give: the mean share of positions that show the thing.
    pub chance: f64,
    /// Words that were asked for.
    pub words: u64,
    /// Words whose thing no position shows, which are not among them.
    pub unseen: u64,
}

impl Pointing {
    /// Adds a word: its scores `[H, W]`, of floats, and where its thing is, `[h, w]`, `Bool`, which `H` and `W` divide.
    ///
    /// # Errors
    /// [`EvalError::Pointing`] if the shapes do not fit, or a score is NaN.
    pub fn update(&mut self, scores: &Tensor, thing: &Tensor) -> Result<(), EvalError> {
        let refuse = |expected: &'static str, got: String| Err(EvalError::Pointing { expected, got });
        let (rows, columns) = match (&scores.size()[..], &thing.size()[..]) {
            (&[rows, columns], &[height, width])
                if rows >= 1 && columns >= 1 && height % rows == 0 && width % columns == 0 && height * width > 0 =>
            {
                (rows, columns)
            }
            (scores, thing) => {
                return refuse("scores [H, W] and a thing of pixels [f H, g W]", format!("{scores:?} and {thing:?}"));
            }
        };
        if thing.kind() != Kind::Bool {
            return refuse("a thing of kind Bool", format!("{:?}", thing.kind()));
        }
        let scores = scores.to_device(Device::Cpu).to_kind(Kind::Double);
        if scores.isnan().any().int64_value(&[]) != 0 {
            return refuse("scores that are numbers", "NaN".into());
        }
        let pixels = thing.to_device(Device::Cpu).to_kind(Kind::Double);
        let shares =
            pixels.view([rows, pixels.size()[0] / rows, columns, -1]).mean_dim(&[1_i64, 3][..], false, Kind::Double);
        let shown = shares.ge(SHOWN).to_kind(Kind::Double); // [H, W]
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

    /// Adds what another has seen.
    pub fn merge(&mut self, other: &Self) {
        self.hits += other.hits;
        self.chance += other.chance;
        self.words += other.words;
        self.unseen += other.unseen;
    }

    /// The scores so far, or nothing before the first word.
    pub fn compute(&self) -> Option<PointingScores> {
        let Self { hits, chance, words, unseen } = *self;
        let count = words as f64;
        (words > 0).then(|| PointingScores { accuracy: hits / count, chance: chance / count, words, unseen })
    }
}
