//! How much of a word's scores lies where the thing is.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::EvalError;

/// The share of a heat map's mass that lies on the thing, against the share of the picture that the thing covers.
///
/// A position counts by the part of its pixels that show the thing. Words without any mass are counted apart: a code that
/// was chosen nowhere points nowhere.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct MassInside {
    inside: f64,
    area: f64,
    words: u64,
    silent: u64,
}

/// What [`MassInside::compute`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MassScores {
    /// Mean share of the mass that lies on the thing, in `0..=1`.
    pub inside: f64,
    /// Mean share of the picture that the thing covers: what an even map would give.
    pub area: f64,
    /// The one by the other: 1 is chance.
    pub lift: f64,
    /// Words that were asked for.
    pub words: u64,
    /// Words without any mass, which are not among them.
    pub silent: u64,
}

impl MassInside {
    /// Adds a word: its scores `[H, W]`, none below 0, and where its thing is, `[h, w]`, `Bool`, not nowhere; `H` and `W`
    /// divide its sides.
    ///
    /// # Errors
    /// [`EvalError::Mass`] if the shapes do not fit, a score is negative or no number, or the thing is nowhere.
    pub fn update(&mut self, scores: &Tensor, thing: &Tensor) -> Result<(), EvalError> {
        let refuse = |expected: &'static str, got: String| Err(EvalError::Mass { expected, got });
        let [rows, columns, height, width] = match (&scores.size()[..], &thing.size()[..]) {
            (&[rows, columns], &[height, width])
                if rows >= 1 && columns >= 1 && height * width > 0 && height % rows == 0 && width % columns == 0 =>
            {
                [rows, columns, height, width]
            }
            (scores, thing) => {
                return refuse("scores [H, W] and a thing of pixels [f H, g W]", format!("{scores:?} and {thing:?}"));
            }
        };
        if thing.kind() != Kind::Bool {
            return refuse("a thing of kind Bool", format!("{:?}", thing.kind()));
        }
        let scores = scores.to_device(Device::Cpu).to_kind(Kind::Double);
        let (least, mass) = (scores.min().double_value(&[]), scores.sum(Kind::Double).double_value(&[]));
        if !(least >= 0.0 && mass.is_finite()) {
            return refuse("scores of 0 or more that are finite", format!("{least} to a sum of {mass}"));
        }
        let pixels = thing.to_device(Device::Cpu).to_kind(Kind::Double);
        let blocks = pixels.view([rows, height / rows, columns, width / columns]); // [H, f, W, g]
        let shares = blocks.mean_dim(&[1_i64, 3][..], false, Kind::Double); // [H, W]
        let area = shares.mean(Kind::Double).double_value(&[]);
        if area == 0.0 {
            return refuse("a thing that is somewhere", "no pixel".to_owned());
        }
        if mass == 0.0 {
            self.silent += 1;
            return Ok(());
        }
        self.inside += (scores * shares).sum(Kind::Double).double_value(&[]) / mass;
        self.area += area;
        self.words += 1;
        Ok(())
    }

    /// Adds what another has seen.
    pub fn merge(&mut self, other: &Self) {
        self.inside += other.inside;
        self.area += other.area;
        self.words += other.words;
        self.silent += other.silent;
    }

    /// The scores so far, or nothing before the first word with any mass.
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
