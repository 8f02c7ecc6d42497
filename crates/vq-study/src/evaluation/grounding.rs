//! Whether the codes of words are chosen where their objects are.

use std::collections::HashMap;

use codebook_prior::{PartOfSpeech, PriorGraph};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use vq_core::{Distance, Layout, Quantized, Slot};
use vq_eval::{MassInside, MassScores, Pointing, PointingScores};
use vq_experiment::QuantizerConfig;
use vq_scenes::{Scene, SceneTruth};

use crate::StudyError;
use crate::words::Nearness;

/// How the words of one group match the objects of scenes.
///
/// Each noun of a scene is measured, and each size and colour that its caption may have; the objects of an adjective
/// are all those that it is true of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroundingFigures {
    /// The group of codes.
    pub group: String,
    /// Whether the position nearest to choosing the word shows its object. A position's score is the squared distance
    /// of its latent to the nearest code of the group minus that to the word's code: 0 where the word is chosen.
    pub pointing: Option<PointingScores>,
    /// How many of the positions that chose the word lie on its object; words that no position chose are `silent`.
    pub chosen: Option<MassScores>,
    /// Words that are not codes.
    pub missing: u64,
}

/// A word of a scene, and where its objects are.
struct NamedRegion {
    part: PartOfSpeech,
    word: String,
    /// `[S, S]`, `Bool`.
    region: Tensor,
}

/// Accumulates over scenes.
pub(crate) struct Grounding {
    nodes: HashMap<(PartOfSpeech, String), i64>,
    groups: Vec<GroupSums>,
    slots: Vec<Slot>,
}

struct GroupSums {
    slot: Slot,
    part: PartOfSpeech,
    pointing: Pointing,
    chosen: MassInside,
    missing: u64,
}

impl Grounding {
    /// For codes that are words of `prior` and are chosen by squared distance; none for other codes.
    pub(crate) fn new(quantizer: &QuantizerConfig, layout: &Layout, prior: Option<&PriorGraph>) -> Option<Self> {
        let (QuantizerConfig::Vqct { matching, .. }, Some(prior)) = (quantizer, prior) else { return None };
        if matching.distance != Distance::L2 {
            return None;
        }
        let word = |(node, word): (i64, &codebook_prior::Word)| ((word.part_of_speech, word.text.clone()), node);
        let sums = |slot: &Slot| {
            let part = prior.words().get(usize::try_from(slot.codes.start).ok()?)?.part_of_speech;
            let (pointing, chosen) = (Pointing::default(), MassInside::default());
            Some(GroupSums { slot: slot.clone(), part, pointing, chosen, missing: 0 })
        };
        Some(Self {
            nodes: (0..).zip(prior.words()).map(word).collect(),
            groups: layout.groups().into_iter().filter_map(sums).collect(),
            slots: layout.slots.clone(),
        })
    }

    /// Takes in scenes, one for each image of the latents `[B, C, H, W]`.
    pub(crate) fn update(
        &mut self,
        latents: &Tensor,
        quantized: &Quantized,
        scenes: &[Scene],
    ) -> Result<(), StudyError> {
        let Some(live) = &quantized.live else { return Ok(()) };
        let codebook = live.codebook.to_device(Device::Cpu).to_kind(Kind::Float);
        let indices = quantized.indices.to_device(Device::Cpu); // [B, H, W, S]
        let latents = latents.to_device(Device::Cpu).to_kind(Kind::Float);
        let latents = latents.chunk(self.groups.len() as i64, 1); // each [B, D, H, W]
        for (image, scene) in (0..).zip(scenes) {
            let near = |(group, latents): (&GroupSums, &Tensor)| {
                Nearness::new(&latents.get(image), &codebook, &group.slot.codes)
            };
            let near: Vec<Nearness> = self.groups.iter().zip(&latents).map(near).collect();
            for NamedRegion { part, word, region } in regions(&scene.truth) {
                let Some(at) = self.groups.iter().position(|group| group.part == part) else { continue };
                let group = &mut self.groups[at];
                let Some(&node) = self.nodes.get(&(part, word)).filter(|node| group.slot.codes.contains(node)) else {
                    group.missing += 1;
                    continue;
                };
                group.pointing.update(&near[at].to(node), &region)?;
                let of_group = self.slots.iter().map(|slot| f64::from(u8::from(slot.group == group.slot.group)));
                let of_group = Tensor::from_slice(&of_group.collect::<Vec<_>>()); // [S]
                let chosen = indices.get(image).eq(node).to_kind(Kind::Double) * of_group;
                group.chosen.update(&chosen.sum_dim_intlist(-1, false, Kind::Double), &region)?;
            }
        }
        Ok(())
    }

    pub(crate) fn compute(&self) -> Vec<GroundingFigures> {
        let figures = |group: &GroupSums| GroundingFigures {
            group: group.slot.group.clone(),
            pointing: group.pointing.compute(),
            chosen: group.chosen.compute(),
            missing: group.missing,
        };
        self.groups.iter().map(figures).collect()
    }
}

/// The words of a scene, and where their objects are.
fn regions(truth: &SceneTruth) -> Vec<NamedRegion> {
    let side = i64::from(truth.map.width());
    let map = Tensor::from_slice(truth.map.as_raw()).view([i64::from(truth.map.height()), side]);
    let mut words: Vec<(PartOfSpeech, String, Vec<usize>)> = Vec::new();
    for (number, group) in truth.groups.iter().enumerate() {
        words.push((PartOfSpeech::Noun, group.noun.clone(), vec![number]));
        for adjective in group.adjectives.words() {
            match words.iter_mut().find(|(_, word, _)| word == adjective) {
                Some((_, _, groups)) => groups.push(number),
                None => words.push((PartOfSpeech::Adjective, adjective.to_owned(), vec![number])),
            }
        }
    }
    let region = |groups: &[usize]| {
        let shown = (1_i64..).zip(&truth.objects).filter(|(_, object)| groups.contains(&object.group));
        let nothing = map.zeros_like().to_kind(Kind::Bool);
        shown.fold(nothing, |region, (label, _)| region.logical_or(&map.eq(label)))
    };
    words.into_iter().map(|(part, word, groups)| NamedRegion { part, word, region: region(&groups) }).collect()
}
