//! Supervision of codes by the words of captions.

use std::fmt::{Debug, Formatter};
use std::ops::Range;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use vq_nn::{InputError, check_kind, check_option, check_range};

use crate::error::CaptionError;
use crate::term::{CaptionLossInputs, CaptionLossTerm, CaptionTermLoss};

/// Options of [`WordSupervisionConfig::loss`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WordSupervisionConfig {
    /// The weight of the term; 0.01 by default.
    pub weight: f64,
    /// Sharpness of the weights over positions: 0 weighs all positions equally, large values only the nearest; 8 by
    /// default.
    pub sharpness: f64,
}

impl Default for WordSupervisionConfig {
    fn default() -> Self {
        Self { weight: 0.01, sharpness: 8.0 }
    }
}

/// The codes of one group that the captions of a batch name.
#[derive(Debug)]
pub struct TargetCodes {
    /// The codes of the group, as rows of the codebook.
    pub group: Range<i64>,
    /// `[B, N]`, `Int64`: the codes that each image should contain, each once, then -1.
    pub ids: Tensor,
}

impl TargetCodes {
    /// Those of the codes `named` by each caption that belong to `group`.
    fn new(group: Range<i64>, named: &[Vec<i64>], device: Device) -> Self {
        let of_group = |codes: &Vec<i64>| codes.iter().copied().filter(|code| group.contains(code)).collect();
        let targets: Vec<Vec<i64>> = named.iter().map(of_group).collect();
        let longest = targets.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let padded: Vec<i64> = targets
            .iter()
            .flat_map(|codes| codes.iter().copied().chain(std::iter::repeat_n(-1, longest - codes.len())))
            .collect();
        let ids = Tensor::from_slice(&padded).view([targets.len() as i64, longest as i64]).to_device(device);
        Self { group, ids }
    }
}

impl WordSupervisionConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Input`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "WordSupervisionConfig";
        for (key, value) in [("weight", self.weight), ("sharpness", self.sharpness)] {
            check_option(OP, key, value.is_finite() && value >= 0.0, "to be finite and 0 or more", value)?;
        }
        Ok(())
    }

    /// The weighted loss: a scalar with gradients to latents and codebook.
    ///
    /// `latents`, `[B, D, H, W]`, are the group's channels; `codebook` is `[K, D]`. With the squared distances
    /// `d(p, c) = |z_p - e_c|^2`, the loss of a target code is `sum_p w(p, c) d(p, c)`, where
    /// `w(p, c) = softmax_p(-sharpness d(p, c) / mean_p d(p, c))` gets no gradient: some position of the image should be
    /// near the code, and which one is not prescribed (multiple-instance learning, our own). The loss is the mean over all
    /// target codes of the batch, zero if there are none.
    ///
    /// The loss only pulls latents and codes towards each other, on the scale of a quantizer's own loss. A cross-entropy
    /// of the target code against all others would push both outwards without bound, because larger distances make every
    /// choice more certain.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if something does not fit.
    pub fn loss(&self, latents: &Tensor, codebook: &Tensor, targets: &TargetCodes) -> Result<Tensor, CaptionError> {
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
        let TargetCodes { group, ids } = targets;
        let inside = 0 <= group.start && group.start < group.end && group.end <= size;
        check_option(OP, "group", inside, &format!("to be codes in 0..{size}"), format!("{group:?}"))?;
        if !matches!(ids.size()[..], [batch, _] if batch == images) {
            return shape("ids", format!("[{images}, N]"), ids.size());
        }
        check_kind(OP, "ids", ids)?;
        let given = ids.ge(0);
        check_range(OP, "ids", &ids.where_scalarother(&given, group.start), group.clone())?;
        check_range(OP, "ids", ids, -1..group.end)?;

        let rows = latents.flatten(2, 3).transpose(1, 2).to_kind(Kind::Float); // [B, P, D]
        let codes = codebook.to_kind(Kind::Float).index_select(0, &ids.clamp_min(0).flatten(0, 1));
        let codes = codes.view([images, -1, width]); // [B, N, D]
        let distances = squared_distances(&rows, &codes); // [B, P, N]
        let fixed = distances.detach();
        let relative = &fixed / fixed.mean_dim(1, true, Kind::Float).clamp_min(f64::from(f32::MIN_POSITIVE));
        let weights = (relative * -self.sharpness).softmax(1, Kind::Float);
        let costs = (weights * distances).sum_dim_intlist(1, false, Kind::Float); // [B, N]
        let count = given.sum(Kind::Int64).clamp_min(1);
        Ok((costs * given.to_kind(Kind::Float)).sum(Kind::Float) / count * self.weight)
    }
}

/// `|z - e|^2` of rows `[B, P, D]` and codes `[B, N, D]`: `[B, P, N]`.
fn squared_distances(rows: &Tensor, codes: &Tensor) -> Tensor {
    (rows.unsqueeze(2) - codes.unsqueeze(1)).square().sum_dim_intlist(-1, false, Kind::Float)
}

/// Finds the codes that the words of a caption name, each once, of all groups.
pub type FindCodes = Box<dyn Fn(&str) -> Vec<i64> + Send>;

/// Pulls the latents of an image towards the codes that its caption names, for quantizers whose codes are words
/// ([`WordSupervisionConfig::loss`]). No parameters.
pub struct WordSupervision {
    config: WordSupervisionConfig,
    groups: Vec<Range<i64>>,
    find_codes: FindCodes,
}

impl WordSupervision {
    /// For latents whose channels are split evenly among `groups` of codes, in order.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if an option is invalid.
    pub fn new(
        config: &WordSupervisionConfig,
        groups: Vec<Range<i64>>,
        find_codes: FindCodes,
    ) -> Result<Self, CaptionError> {
        config.check()?;
        Ok(Self { config: config.clone(), groups, find_codes })
    }
}

impl Debug for WordSupervision {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { config, groups, .. } = self;
        formatter
            .debug_struct("WordSupervision")
            .field("config", config)
            .field("groups", groups)
            .finish_non_exhaustive()
    }
}

impl CaptionLossTerm for WordSupervision {
    fn name(&self) -> &'static str {
        "word_supervision"
    }

    fn compute(&self, inputs: &CaptionLossInputs<'_>) -> Result<Option<CaptionTermLoss>, CaptionError> {
        let Some(codebook) = inputs.codebook else { return Ok(None) };
        let find = |caption: &Option<String>| caption.as_deref().map_or_else(Vec::new, |text| (self.find_codes)(text));
        let named: Vec<Vec<i64>> = inputs.captions.iter().map(find).collect();
        let latents = inputs.latents.chunk(self.groups.len() as i64, 1);
        let mut total = Tensor::zeros([], (Kind::Float, codebook.device()));
        for (group, latents) in self.groups.iter().zip(latents) {
            let targets = TargetCodes::new(group.clone(), &named, codebook.device());
            total += self.config.loss(&latents, codebook, &targets)?;
        }
        Ok(Some(CaptionTermLoss::weighted(total)))
    }
}
