//! What a source holds, sample by sample.

mod facts;
mod spread;

pub use spread::Spread;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rayon::prelude::*;
use serde::Serialize;

use crate::{Fault, ImageSource};
use facts::Facts;

/// What is in a source, by reading all of it.
///
/// Figures are of the sound samples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Survey {
    /// Samples that the source lists.
    pub listed: usize,
    /// Those that can be had.
    pub sound: usize,
    /// Those that cannot, each with the reason.
    pub damaged: Vec<Fault>,
    /// Sizes of the images; none without sound samples.
    pub sizes: Option<SizeFigures>,
    /// From coarse to fine; none without labels.
    pub labels: Vec<LabelFigures>,
    /// Samples without a label.
    pub unlabelled: usize,
    /// Captions.
    pub captions: CaptionFigures,
    /// Segmentations.
    pub segmentations: SegmentationFigures,
    /// Boxes.
    pub boxes: BoxFigures,
}

/// Sizes of images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeFigures {
    /// In pixels.
    pub width: Spread,
    /// In pixels.
    pub height: Spread,
    /// Width over height.
    pub aspect: Spread,
    /// How many different sizes there are.
    pub different: usize,
    /// The size that most images have, of several the smallest.
    pub commonest: SizeCount,
}

/// How many images have a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SizeCount {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Images of this size.
    pub images: usize,
}

/// The labels of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelFigures {
    /// Samples of each label, the most frequent first, then by name.
    pub classes: Vec<LabelCount>,
}

/// How many samples have a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelCount {
    /// The label.
    pub label: String,
    /// Samples that have it.
    pub samples: usize,
}

/// Captions; blank ones do not count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaptionFigures {
    /// Of all samples.
    pub total: usize,
    /// Samples without a caption.
    pub samples_without: usize,
    /// Captions of a sample.
    pub per_sample: Option<Spread>,
    /// Words of a caption, with spaces between; none without captions.
    pub words: Option<Spread>,
}

/// Segmentations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentationFigures {
    /// Samples with one.
    pub samples: usize,
    /// Samples without one.
    pub samples_without: usize,
    /// The labels of pixels that occur.
    pub labels: BTreeSet<u16>,
}

/// Boxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoxFigures {
    /// Of all samples.
    pub total: usize,
    /// Samples without one.
    pub samples_without: usize,
}

impl Survey {
    /// Reads every sample once, on all cores (rayon's global pool); `watch` hears of each.
    ///
    /// Damaged samples do not end it: they are what it is for, whether the source refuses them or skips them.
    pub fn of(source: &dyn ImageSource, watch: &(dyn Fn() + Sync)) -> Self {
        let read = (0..source.len()).into_par_iter().map(|index| {
            let facts = source.get(index).and_then(Facts::of).map_err(|error| Fault::of(source, index, &error));
            watch();
            facts
        });
        // Where a source skips a damaged sample, another one comes twice.
        let mut ids = HashSet::new();
        let (mut facts, mut damaged) = (Vec::new(), Vec::new());
        for read in read.collect::<Vec<_>>() {
            match read {
                Ok(sample) if ids.insert(sample.id.clone()) => facts.push(sample),
                Ok(_) => {}
                Err(fault) => damaged.push(fault),
            }
        }
        damaged.extend(source.damaged().into_iter().map(Fault::from));
        Self {
            listed: source.len(),
            sound: facts.len(),
            damaged,
            sizes: SizeFigures::of(&facts),
            labels: labels(&facts),
            unlabelled: facts.iter().filter(|facts| facts.labels.is_empty()).count(),
            captions: CaptionFigures::of(&facts),
            segmentations: SegmentationFigures::of(&facts),
            boxes: BoxFigures {
                total: facts.iter().map(|facts| facts.boxes).sum(),
                samples_without: facts.iter().filter(|facts| facts.boxes == 0).count(),
            },
        }
    }
}

impl SizeFigures {
    fn of(facts: &[Facts]) -> Option<Self> {
        let mut counts = BTreeMap::new();
        for facts in facts {
            *counts.entry((facts.width, facts.height)).or_insert(0) += 1;
        }
        let most = counts.iter().rev().max_by_key(|&(_, &images)| images);
        let (&(width, height), &images) = most?;
        Some(Self {
            width: Spread::of(facts.iter().map(|facts| facts.width.into()))?,
            height: Spread::of(facts.iter().map(|facts| facts.height.into()))?,
            aspect: Spread::of(facts.iter().map(|facts| f64::from(facts.width) / f64::from(facts.height)))?,
            different: counts.len(),
            commonest: SizeCount { width, height, images },
        })
    }
}

fn labels(facts: &[Facts]) -> Vec<LabelFigures> {
    let mut levels: Vec<BTreeMap<&str, usize>> = Vec::new();
    for facts in facts {
        levels.resize(levels.len().max(facts.labels.len()), BTreeMap::new());
        for (level, label) in levels.iter_mut().zip(&facts.labels) {
            *level.entry(label).or_default() += 1;
        }
    }
    let figures = |level: BTreeMap<&str, usize>| {
        let count = |(label, samples): (&str, usize)| LabelCount { label: label.to_owned(), samples };
        let mut classes: Vec<LabelCount> = level.into_iter().map(count).collect();
        // A stable sort keeps the order of names among equals.
        classes.sort_by_key(|class| std::cmp::Reverse(class.samples));
        LabelFigures { classes }
    };
    levels.into_iter().map(figures).collect()
}

impl CaptionFigures {
    fn of(facts: &[Facts]) -> Self {
        let per_sample = || facts.iter().map(|facts| facts.caption_words.len());
        Self {
            total: per_sample().sum(),
            samples_without: per_sample().filter(|&captions| captions == 0).count(),
            per_sample: Spread::of(per_sample().map(|captions| captions as f64)),
            words: Spread::of(facts.iter().flat_map(|facts| &facts.caption_words).map(|&words| words as f64)),
        }
    }
}

impl SegmentationFigures {
    fn of(facts: &[Facts]) -> Self {
        let maps: Vec<&BTreeSet<u16>> = facts.iter().filter_map(|facts| facts.map_labels.as_ref()).collect();
        Self {
            samples: maps.len(),
            samples_without: facts.len() - maps.len(),
            labels: maps.into_iter().flatten().copied().collect(),
        }
    }
}
