//! Words of a caption that have a code shall find it somewhere in the image.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use vq_transformer::InputError;

use crate::CaptionError;
use crate::config::check_option;
use crate::decoder::{check_kind, check_range};

/// Options of [`WordSupervisionConfig::loss`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WordSupervisionConfig {
    /// The weight of the term; 0.01 by default.
    pub weight: f64,
    /// How sure the choice of a position is: with 0 all positions share alike, with much the nearest has all; 8 by
    /// default.
    pub sharpness: f64,
}

impl Default for WordSupervisionConfig {
    fn default() -> Self {
        Self { weight: 0.01, sharpness: 8.0 }
    }
}

/// The words of captions that are codes of one group.
#[derive(Debug)]
pub struct WantedCodes {
    /// The codes of the group, as rows of the codebook.
    pub group: Range<i64>,
    /// `[B, N]`, `Int64`: ids of the group that each image should hold, each once, then -1.
    pub ids: Tensor,
}

impl WordSupervisionConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Input`] with the key of the first that makes no sense.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "WordSupervisionConfig";
        for (key, value) in [("weight", self.weight), ("sharpness", self.sharpness)] {
            check_option(OP, key, value.is_finite() && value >= 0.0, "to be finite and 0 or more", value)?;
        }
        Ok(())
    }

    /// The weighted term: a scalar with gradients to latents and codebook.
    ///
    /// `latents`, `[B, D, H, W]`, are the group's channels; `codebook` is `[K, D]`. With the squared distances
    /// `d(p, c) = |z_p - e_c|^2`, a wanted code costs `sum_p w(p, c) d(p, c)`, where
    /// `w(p, c) = softmax_p(-sharpness d(p, c) / mean_p d(p, c))` is held constant: the code shall be met somewhere, and
    /// where is up to the image (multiple-instance learning, our own). The term is the mean over all wanted codes of the
    /// batch, zero if there are none.
    ///
    /// It only draws latents and codes to each other, on the scale of a quantizer's own loss. A likelihood of the wanted
    /// code among all others would drive both outwards without end, since that makes any choice surer.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if something does not fit.
    pub fn loss(&self, latents: &Tensor, codebook: &Tensor, wanted: &WantedCodes) -> Result<Tensor, CaptionError> {
        const OP: &str = "WordSupervisionConfig::loss";
        self.check()?;
        let shape = |what, expected, got| Err(InputError::Shape { op: OP, what, expected, got }.into());
        let [size, width] = match codebook.size()[..] {
            [size, width] => [size, width],
            _ => return shape("codebook", "[K, D]".to_owned(), codebook.size()),
        };
        let images = match latents.size()[..] {
            [images, channels, height, columns] if channels == width && height * columns >= 1 => images,
            _ => return shape("latents", format!("[B, {width}, H, W]"), latents.size()),
        };
        let WantedCodes { group, ids } = wanted;
        let inside = 0 <= group.start && group.start < group.end && group.end <= size;
        check_option(OP, "group", inside, &format!("to be codes in 0..{size}"), format!("{group:?}"))?;
        if !matches!(ids.size()[..], [batch, _] if batch == images) {
            return shape("ids", format!("[{images}, N]"), ids.size());
        }
        check_kind(OP, "ids", ids)?;
        let named = ids.ge(0);
        check_range(OP, "ids", &ids.where_scalarother(&named, group.start), group.clone())?;
        check_range(OP, "ids", ids, -1..group.end)?;

        let rows = latents.flatten(2, 3).transpose(1, 2).to_kind(Kind::Float); // [B, P, D]
        let codes = codebook.to_kind(Kind::Float).index_select(0, &ids.clamp_min(0).flatten(0, 1));
        let codes = codes.view([images, -1, width]); // [B, N, D]
        let distances = squared_distances(&rows, &codes); // [B, P, N]
        let fixed = distances.detach();
        let relative = &fixed / fixed.mean_dim(1, true, Kind::Float).clamp_min(f64::from(f32::MIN_POSITIVE));
        let weights = (relative * -self.sharpness).softmax(1, Kind::Float);
        let costs = (weights * distances).sum_dim_intlist(1, false, Kind::Float); // [B, N]
        let count = named.sum(Kind::Int64).clamp_min(1);
        Ok((costs * named.to_kind(Kind::Float)).sum(Kind::Float) / count * self.weight)
    }
}

/// `|z - e|^2` of rows `[B, P, D]` and codes `[B, N, D]`: `[B, P, N]`.
fn squared_distances(rows: &Tensor, codes: &Tensor) -> Tensor {
    (rows.unsqueeze(2) - codes.unsqueeze(1)).square().sum_dim_intlist(-1, false, Kind::Float)
}
