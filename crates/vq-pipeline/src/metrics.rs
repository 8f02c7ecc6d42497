//! Metrics of a tokenizer over a set of images, for validation and evaluation alike.

use std::collections::BTreeMap;

use tch::Tensor;
use vq_core::{Histogram, Layout, Usage, UsageCounter};
use vq_eval::{ImageMetric, image_metrics};
use vq_model::Reconstruction;
use vq_run::GroupRecord;

use crate::PipelineError;

/// Accumulates the metrics of reconstructions and the usage of codes.
pub struct TokenizerMetrics {
    images: Vec<Box<dyn ImageMetric>>,
    usage: UsageCounter,
}

/// Metrics of a tokenizer over a set of images.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenizerFigures {
    /// Means over images by the metric's name, such as `psnr`; empty without images.
    pub images: BTreeMap<String, f64>,
    /// Usage of each group of codes.
    pub groups: Vec<GroupRecord>,
    /// How often each code was chosen, group by group.
    pub histograms: Vec<Histogram>,
}

impl TokenizerMetrics {
    /// Metrics of no image yet, for codes of a layout.
    ///
    /// # Errors
    /// [`PipelineError::Core`] if the layout has no codes.
    pub fn new(layout: &Layout) -> Result<Self, PipelineError> {
        Ok(Self { images: image_metrics(), usage: UsageCounter::new(layout)? })
    }

    /// Takes in the reconstruction of images `[B, 3, S, S]`.
    ///
    /// # Errors
    /// [`PipelineError::Eval`] if the images are too small for a metric.
    pub fn update(&mut self, reconstruction: &Reconstruction, images: &Tensor) -> Result<(), PipelineError> {
        for metric in &mut self.images {
            metric.update(&reconstruction.images, images)?;
        }
        Ok(self.usage.update(&reconstruction.quantized.indices)?)
    }

    /// The metrics of all images so far.
    pub fn compute(&self) -> TokenizerFigures {
        let value = |metric: &dyn ImageMetric| Some((metric.name().to_owned(), metric.compute()?));
        TokenizerFigures {
            images: self.images.iter().filter_map(|metric| value(metric.as_ref())).collect(),
            groups: self.usage.compute().iter().map(group_record).collect(),
            histograms: self.usage.histograms(),
        }
    }
}

impl TokenizerFigures {
    /// Share of all codes that are used at least once.
    pub fn usage(&self) -> f64 {
        GroupRecord::total_usage(&self.groups)
    }
}

/// The usage of a group, for the log.
pub fn group_record(usage: &Usage) -> GroupRecord {
    let Usage { size, used, perplexity, gini, .. } = *usage;
    GroupRecord { group: usage.group.clone(), size, used, perplexity, gini: Some(gini) }
}
