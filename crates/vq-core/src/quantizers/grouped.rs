//! Grouped quantizer: each group has its own channels and codes.

use std::ops::Range;

use tch::Tensor;

use super::matching::{Codes, MatchConfig, assignment, mean_of_codes};
use super::rows::{full_kind, grid_of, ids_of, rows_of};
use crate::contract::{
    Assignment, Codebook, Layout, LiveCodes, Mode, Quantized, QuantizedBatch, Quantizer, Slot, UpdateStats,
};
use crate::error::CoreError;
use crate::mask::Mask;

/// One group of a [`GroupedQuantizer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's name, such as `adjective`.
    pub name: String,
    /// The ids of the group's codes.
    pub codes: Range<i64>,
    /// Number of nearest codes that are averaged, which is also the number of ids per position.
    pub top_k: i64,
}

/// Splits the channels among groups of codes of one codebook (VQCT, section 3.2, with an adjective and a noun group).
///
/// Group `g` quantizes the channels `g * D..(g + 1) * D`, so the latents have `C = groups * D` channels.
/// The ids of a position are those of the groups in order, nearest first within a group.
///
/// The codebook does not distinguish groups: if it learns by updates (k-means, revival, CVQ), a code may be moved to a
/// vector of another group's channels. [`ProductQuantizer`](crate::ProductQuantizer) gives each part its own codebook.
#[derive(Debug)]
pub struct GroupedQuantizer {
    codebook: Box<dyn Codebook>,
    groups: Vec<Group>,
    matching: MatchConfig,
    layout: Layout,
}

impl GroupedQuantizer {
    /// Splits the codes of `codebook` among `groups`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if the groups do not cover the codes in order without gap or overlap, if two adjacent
    /// groups have the same name, if `top_k` of a group exceeds its number of codes, or if an option is invalid.
    pub fn new(codebook: Box<dyn Codebook>, groups: Vec<Group>, matching: MatchConfig) -> Result<Self, CoreError> {
        const OP: &str = "GroupedQuantizer::new";
        matching.check(OP)?;
        let shape = codebook.shape();
        let refuse = |expected: String, got: String| Err(CoreError::Option { op: OP, expected, got });
        let mut covered = 0;
        for (position, group) in groups.iter().enumerate() {
            let Group { name, codes, top_k } = group;
            if codes.start != covered || codes.end <= codes.start {
                return refuse(format!("codes of group {name} to start at {covered}"), format!("{codes:?}"));
            }
            if !(1..=codes.end - codes.start).contains(top_k) {
                let expected = format!("top_k of group {name} in 1..={}", codes.end - codes.start);
                return refuse(expected, top_k.to_string());
            }
            if position > 0 && groups[position - 1].name == *name {
                return refuse("groups of distinct names".into(), format!("{name} twice"));
            }
            covered = codes.end;
        }
        if covered != shape.size {
            return refuse(format!("groups that cover {} codes", shape.size), covered.to_string());
        }
        let slots = groups
            .iter()
            .flat_map(|group| (0..group.top_k).map(|_| Slot { group: group.name.clone(), codes: group.codes.clone() }))
            .collect();
        let layout = Layout { channels: shape.dim * groups.len() as i64, codes: shape.size, slots };
        Ok(Self { codebook, groups, matching, layout })
    }
}

impl GroupedQuantizer {
    /// Splits ids `[.., S]` into those of each group, `[.., k]`.
    fn split_ids(&self, indices: &Tensor) -> Vec<Tensor> {
        let sizes: Vec<i64> = self.groups.iter().map(|group| group.top_k).collect();
        indices.split_with_sizes(&sizes[..], -1)
    }
}

impl Quantizer for GroupedQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize_masked(&self, latents: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Quantized, CoreError> {
        const OP: &str = "GroupedQuantizer::quantize";
        self.layout.check_latents(OP, latents)?;
        let mask = Mask::new(OP, mask, latents)?;
        let vectors = self.matching.distance.prepare(&self.codebook.vectors(mode)); // [K, D]
        let rows = rows_of(latents, vectors.kind()); // [N, groups * D]
        let mut codes = Vec::new();
        let mut live = Vec::new();
        let mut indices = Vec::new();
        let mut loss = self.matching.codebook_loss(&vectors);
        for (group, part) in self.groups.iter().zip(rows.chunk(self.groups.len() as i64, 1)) {
            let own = vectors.narrow(0, group.codes.start, group.codes.end - group.codes.start);
            let own = Codes { vectors: own, learn: self.codebook.learns_by_gradient() };
            let matched = self.matching.match_codes(&part, &own, group.top_k, &mask, mode)?;
            codes.push(matched.codes);
            live.push(matched.live);
            indices.push(matched.indices + group.codes.start);
            loss += matched.loss;
        }
        Ok(Quantized {
            codes: grid_of(&Tensor::cat(&codes, 1), latents),
            indices: ids_of(&Tensor::cat(&indices, 1), latents),
            loss,
            live: Some(LiveCodes { codes: grid_of(&Tensor::cat(&live, 1), latents), codebook: vectors }),
        })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("GroupedQuantizer::lookup", indices)?;
        let vectors = self.matching.distance.prepare(&self.codebook.vectors(Mode::Eval));
        let codes: Vec<Tensor> = self.split_ids(indices).iter().map(|ids| mean_of_codes(&vectors, ids)).collect();
        Ok(Tensor::cat(&codes, 3).permute([0, 3, 1, 2]).contiguous())
    }

    fn initialize(&mut self, latents: &Tensor) -> Result<(), CoreError> {
        self.layout.check_latents("GroupedQuantizer::initialize", latents)?;
        let dim = self.codebook.shape().dim;
        let vectors = rows_of(latents, full_kind(latents)).reshape([-1, dim]); // one row per position and group
        let distance = self.matching.distance;
        self.codebook.initialize(&distance.prepare(&vectors).detach(), distance)
    }

    fn update(&mut self, batch: &QuantizedBatch<'_>) -> Result<UpdateStats, CoreError> {
        const OP: &str = "GroupedQuantizer::update";
        batch.check(OP, &self.layout)?;
        let mask = Mask::new(OP, batch.mask, batch.latents)?;
        let rows = rows_of(batch.latents, full_kind(batch.latents));
        let ids = self.split_ids(&batch.indices.flatten(0, 2));
        let distance = self.matching.distance;
        let parts = rows.chunk(self.groups.len() as i64, 1).into_iter().zip(ids);
        let (vectors, ids): (Vec<Tensor>, Vec<Tensor>) = parts
            .map(|(rows, ids)| assignment(distance, &rows, &ids, &mask))
            .map(|Assignment { vectors, ids, .. }| (vectors, ids))
            .unzip();
        self.codebook.update(&Assignment { vectors: Tensor::cat(&vectors, 0), ids: Tensor::cat(&ids, 0), distance })
    }
}
