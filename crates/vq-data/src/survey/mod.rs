//! Statistics of a whole source.

mod facts;
mod stats;

pub use stats::ValueStats;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rayon::prelude::*;
use serde::Serialize;

use crate::{Fault, ImageSource};
use facts::Facts;

/// The statistics of a source, from reading all of it.
///
/// They cover the sound samples; `damaged` lists the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Survey {
    /// The number of samples in the source.
    pub listed: usize,
    /// The number of samples that can be read.
    pub sound: usize,
    /// The samples that cannot be read, with the reasons.
    pub damaged: Vec<Fault>,
    /// Sizes of the images; `None` without sound samples.
    pub sizes: Option<SizeStats>,
    /// The levels of labels, from coarse to fine; empty without labels.
    pub labels: Vec<LabelStats>,
    /// The number of samples without a label.
    pub unlabelled: usize,
    /// Statistics of captions.
    pub captions: CaptionStats,
    /// Statistics of segmentations.
    pub segmentations: SegmentationStats,
    /// Statistics of boxes.
    pub boxes: BoxStats,
}

/// Sizes of images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeStats {
    /// In pixels.
    pub width: ValueStats,
    /// In pixels.
    pub height: ValueStats,
    /// Width over height.
    pub aspect: ValueStats,
    /// The number of different sizes.
    pub different: usize,
    /// The most frequent size; of several, the smallest.
    pub commonest: SizeCount,
}

/// The number of images of a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SizeCount {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The number of images of this size.
    pub images: usize,
}

/// The labels of one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelStats {
    /// The labels with their counts, the most frequent first, then by name.
    pub classes: Vec<LabelCount>,
}

/// The number of samples with a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelCount {
    /// The label.
    pub label: String,
    /// The number of samples that have it.
    pub samples: usize,
}

/// Statistics of captions; blank captions are ignored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaptionStats {
    /// The total over all samples.
    pub total: usize,
    /// The number of samples without a caption.
    pub samples_without: usize,
    /// The number of captions of a sample.
    pub per_sample: Option<ValueStats>,
    /// The number of words of a caption, separated by spaces; `None` without captions.
    pub words: Option<ValueStats>,
}

/// Statistics of segmentations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentationStats {
    /// The number of samples with one.
    pub samples: usize,
    /// The number of samples without one.
    pub samples_without: usize,
    /// The labels that occur.
    pub labels: BTreeSet<u16>,
}

/// Statistics of boxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoxStats {
    /// The total over all samples.
    pub total: usize,
    /// The number of samples without one.
    pub samples_without: usize,
}

impl Survey {
    /// Reads every sample once, on all cores (rayon's global pool), and calls `progress` after each.
    ///
    /// Damaged samples are recorded, whether the source refuses or skips them.
    pub fn of(source: &dyn ImageSource, progress: &(dyn Fn() + Sync)) -> Self {
        let read = (0..source.len()).into_par_iter().map(|index| {
            let facts = source.get(index).and_then(Facts::of).map_err(|error| Fault::of(source, index, &error));
            progress();
            facts
        });
        // A source that skips a damaged sample returns another one twice.
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
            sizes: SizeStats::of(&facts),
            labels: labels(&facts),
            unlabelled: facts.iter().filter(|facts| facts.labels.is_empty()).count(),
            captions: CaptionStats::of(&facts),
            segmentations: SegmentationStats::of(&facts),
            boxes: BoxStats {
                total: facts.iter().map(|facts| facts.boxes).sum(),
                samples_without: facts.iter().filter(|facts| facts.boxes == 0).count(),
            },
        }
    }
}

impl SizeStats {
    fn of(facts: &[Facts]) -> Option<Self> {
        let mut counts = BTreeMap::new();
        for facts in facts {
            *counts.entry((facts.width, facts.height)).or_insert(0) += 1;
        }
        let most = counts.iter().rev().max_by_key(|&(_, &images)| images);
        let (&(width, height), &images) = most?;
        Some(Self {
            width: ValueStats::of(facts.iter().map(|facts| facts.width.into()))?,
            height: ValueStats::of(facts.iter().map(|facts| facts.height.into()))?,
            aspect: ValueStats::of(facts.iter().map(|facts| f64::from(facts.width) / f64::from(facts.height)))?,
            different: counts.len(),
            commonest: SizeCount { width, height, images },
        })
    }
}

fn labels(facts: &[Facts]) -> Vec<LabelStats> {
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
        // A stable sort: labels of equal count stay in the order of their names.
        classes.sort_by_key(|class| std::cmp::Reverse(class.samples));
        LabelStats { classes }
    };
    levels.into_iter().map(figures).collect()
}

impl CaptionStats {
    fn of(facts: &[Facts]) -> Self {
        let per_sample = || facts.iter().map(|facts| facts.caption_words.len());
        Self {
            total: per_sample().sum(),
            samples_without: per_sample().filter(|&captions| captions == 0).count(),
            per_sample: ValueStats::of(per_sample().map(|captions| captions as f64)),
            words: ValueStats::of(facts.iter().flat_map(|facts| &facts.caption_words).map(|&words| words as f64)),
        }
    }
}

impl SegmentationStats {
    fn of(facts: &[Facts]) -> Self {
        let maps: Vec<&BTreeSet<u16>> = facts.iter().filter_map(|facts| facts.map_labels.as_ref()).collect();
        Self {
            samples: maps.len(),
            samples_without: facts.len() - maps.len(),
            labels: maps.into_iter().flatten().copied().collect(),
        }
    }
}
