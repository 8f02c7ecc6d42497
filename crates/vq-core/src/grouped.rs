//! Grouped quantizer: each group has its channels and its codes.

use std::ops::Range;

use tch::{Kind, Tensor};

use crate::nearest::{grid_of, ids_of, mean_of_codes, quantize_rows, rows_of};
use crate::{Codebook, CommitmentConfig, CoreError, Layout, Mode, Quantized, Quantizer, Slot, straight_through};

/// One group of a [`GroupedQuantizer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The group's name, such as `adjective`.
    pub name: String,
    /// The codes that the group chooses from.
    pub codes: Range<i64>,
    /// How many nearest codes are averaged; as many ids per position.
    pub nearest: i64,
}

/// Splits the channels among groups of codes of one codebook; VQCT's quantizer has an adjective and a noun group
/// (VQCT, section 3.2).
///
/// Group `g` meets the channels `g * D..(g + 1) * D`, so the latents have `C = groups * D` channels.
/// The ids of a position are those of the groups in order, each group's nearest first.
#[derive(Debug)]
pub struct GroupedQuantizer {
    codebook: Box<dyn Codebook>,
    groups: Vec<Group>,
    commitment: CommitmentConfig,
    layout: Layout,
}

impl GroupedQuantizer {
    /// Divides the codes of `codebook` among `groups`.
    ///
    /// # Errors
    /// [`CoreError::Option`] if the groups do not cover the codes in order and without gap or overlap, if two
    /// neighbours share a name, if a group averages more codes than it has, or if beta is negative or not finite.
    pub fn new(
        codebook: Box<dyn Codebook>,
        groups: Vec<Group>,
        commitment: CommitmentConfig,
    ) -> Result<Self, CoreError> {
        const OP: &str = "GroupedQuantizer::new";
        commitment.check(OP)?;
        let shape = codebook.shape();
        let refuse = |expected: String, got: String| Err(CoreError::Option { op: OP, expected, got });
        let mut covered = 0;
        for (position, group) in groups.iter().enumerate() {
            let Group { name, codes, nearest } = group;
            if codes.start != covered || codes.end <= codes.start {
                return refuse(format!("codes of group {name} to start at {covered}"), format!("{codes:?}"));
            }
            if !(1..=codes.end - codes.start).contains(nearest) {
                return refuse(
                    format!("group {name} to average 1 to {} codes", codes.end - codes.start),
                    nearest.to_string(),
                );
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
            .flat_map(|group| {
                (0..group.nearest).map(|_| Slot { group: group.name.clone(), codes: group.codes.clone() })
            })
            .collect();
        let layout = Layout { channels: shape.width * groups.len() as i64, codes: shape.size, slots };
        Ok(Self { codebook, groups, commitment, layout })
    }
}

impl Quantizer for GroupedQuantizer {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn quantize(&self, latents: &Tensor, mode: Mode) -> Result<Quantized, CoreError> {
        self.layout.check_latents("GroupedQuantizer::quantize", latents)?;
        let rows = rows_of(latents); // [N, groups * D]
        let codebook = self.codebook.vectors(mode); // [K, D]
        let mut codes = Vec::new();
        let mut indices = Vec::new();
        let mut loss = Tensor::zeros([], (Kind::Float, latents.device()));
        for (group, part) in self.groups.iter().zip(rows.chunk(self.groups.len() as i64, 1)) {
            let own = codebook.narrow(0, group.codes.start, group.codes.end - group.codes.start);
            let found = quantize_rows(&part, &own, group.nearest, &self.commitment)?;
            codes.push(found.codes);
            indices.push(found.indices + group.codes.start);
            loss += found.loss;
        }
        let codes = straight_through(&rows, &Tensor::cat(&codes, 1));
        Ok(Quantized { codes: grid_of(&codes, latents), indices: ids_of(&Tensor::cat(&indices, 1), latents), loss })
    }

    fn lookup(&self, indices: &Tensor) -> Result<Tensor, CoreError> {
        self.layout.check_indices("GroupedQuantizer::lookup", indices)?;
        let codebook = self.codebook.vectors(Mode::Eval);
        let mut first = 0;
        let mut codes = Vec::new();
        for group in &self.groups {
            codes.push(mean_of_codes(&codebook, &indices.narrow(3, first, group.nearest))); // [B, H, W, D]
            first += group.nearest;
        }
        Ok(Tensor::cat(&codes, 3).permute([0, 3, 1, 2]).contiguous())
    }
}
