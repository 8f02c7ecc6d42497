//! Heat maps and the masks that they are compared with.

use tch::{Device, Kind, Tensor};

use crate::EvalError;

/// A heat map and, on its positions, the object's mask.
pub(super) struct Grid {
    /// `[H, W]`, `Double`, on the CPU.
    pub(super) scores: Tensor,
    /// `[H, W]`, `Double`, in `0..=1`: the share of each position's pixels that belong to the object.
    pub(super) coverage: Tensor,
}

impl Grid {
    /// Checks scores `[H, W]` and a mask `[h, w]`, `Bool`, where `H` divides `h` and `W` divides `w`.
    pub(super) fn new(op: &'static str, scores: &Tensor, mask: &Tensor) -> Result<Self, EvalError> {
        let [rows, columns, height, width] = match (&scores.size()[..], &mask.size()[..]) {
            (&[rows, columns], &[height, width])
                if rows >= 1 && columns >= 1 && height * width > 0 && height % rows == 0 && width % columns == 0 =>
            {
                [rows, columns, height, width]
            }
            (scores, mask) => {
                let expected = "scores [H, W] and a mask [f H, g W]";
                return Err(EvalError::input(op, expected, format!("{scores:?} and {mask:?}")));
            }
        };
        if mask.kind() != Kind::Bool {
            return Err(EvalError::input(op, "a mask of dtype Bool", format!("{:?}", mask.kind())));
        }
        let scores = scores.to_device(Device::Cpu).to_kind(Kind::Double);
        let pixels = mask.to_device(Device::Cpu).to_kind(Kind::Double);
        let blocks = pixels.view([rows, height / rows, columns, width / columns]); // [H, f, W, g]
        let coverage = blocks.mean_dim(&[1_i64, 3][..], false, Kind::Double); // [H, W]
        Ok(Self { scores, coverage })
    }
}
