//! Ids that are given before sampling.

use tch::{Kind, Tensor};
use vq_nn::{InputError, check_kind, check_option, i64_values};

use crate::error::GenerateError;
use crate::grid::{Grid, TokenGrid};

/// Ids that are given, for completion and inpainting.
#[derive(Debug)]
pub struct Known {
    /// `[B, H, W, S]`, `Int64`; any value where the mask is false.
    pub ids: Tensor,
    /// `[B, H, W]`, `Bool`, true where a position is given.
    pub mask: Tensor,
}

impl Known {
    /// The first `rows` rows of ids `[B, H, W, S]`: for the upper half, `H / 2`.
    ///
    /// # Errors
    /// [`GenerateError::Input`] if the ids have another number of axes, or fewer rows.
    pub fn upper(ids: &Tensor, rows: i64) -> Result<Self, GenerateError> {
        const OP: &str = "Known::upper";
        let [images, height, width, _] = ids.size()[..] else {
            let expected = "[B, H, W, S]".to_owned();
            return Err(InputError::Shape { op: OP, what: "ids", expected, got: ids.size() }.into());
        };
        check_option(OP, "rows", (0..=height).contains(&rows), &format!("in 0..={height}"), rows)?;
        let mask = Tensor::zeros([images, height, width], (Kind::Bool, ids.device()));
        let _ = mask.narrow(1, 0, rows).fill_(1);
        Ok(Self { ids: ids.shallow_clone(), mask })
    }
}

/// The known ids of one image.
#[derive(Debug, Clone)]
pub(crate) struct ImageIds {
    /// `P`, each with the ids of its slots if it is given.
    pub(crate) positions: Vec<Option<Vec<i64>>>,
}

/// Checks the known ids of `images` images and copies them from their tensors.
pub(crate) fn known_ids(
    op: &'static str,
    tokens: &TokenGrid,
    known: Option<&Known>,
    images: i64,
) -> Result<Vec<ImageIds>, GenerateError> {
    let positions = tokens.grid.positions() as usize;
    let Some(Known { ids, mask }) = known else {
        return Ok(vec![ImageIds { positions: vec![None; positions] }; images as usize]);
    };
    let Grid { rows, columns } = tokens.grid;
    if mask.size() != [images, rows, columns] {
        let expected = format!("[{images}, {rows}, {columns}]");
        return Err(InputError::Shape { op, what: "mask", expected, got: mask.size() }.into());
    }
    if mask.kind() != Kind::Bool {
        let got = format!("{:?}", mask.kind());
        return Err(InputError::Kind { op, what: "mask", expected: "Bool", got }.into());
    }
    if ids.size() != [images, rows, columns, tokens.slots()] {
        let expected = format!("[{images}, {rows}, {columns}, {}]", tokens.slots());
        return Err(InputError::Shape { op, what: "known ids", expected, got: ids.size() }.into());
    }
    check_kind(op, "known ids", ids)?;
    let firsts: Vec<i64> = tokens.layout.slots.iter().map(|slot| slot.codes.start).collect();
    let (ids, mask) = (ids.to_device(tch::Device::Cpu), mask.to_device(tch::Device::Cpu));
    // Ids outside the mask may have any value, so valid ones replace them before the check.
    let valid = ids.where_self(&mask.unsqueeze(-1), &Tensor::from_slice(&firsts));
    tokens.check_ids(op, &valid)?;
    let given = i64_values(&mask.to_kind(Kind::Int64));
    let ids = i64_values(&valid);
    let ids = ids.chunks(tokens.slots() as usize);
    let all: Vec<_> = given.iter().zip(ids).map(|(given, ids)| (*given != 0).then(|| ids.to_vec())).collect();
    Ok(all.chunks(positions).map(|positions| ImageIds { positions: positions.to_vec() }).collect())
}
