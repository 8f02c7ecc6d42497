//! A line of `metrics.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Event;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Record {
    /// A training step.
    Train {
        /// The step, from 1.
        step: u64,
        /// The weighted sum of all loss terms.
        loss: f64,
        /// The weighted reconstruction terms; none if the tokenizer is frozen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reconstruction: Option<f64>,
        /// The quantizer's loss before its weight; none if the tokenizer is frozen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codebook: Option<f64>,
        /// The learning rate of this step.
        learning_rate: f64,
        /// Images per second since the last record.
        images_per_second: f64,
        /// Norm of the gradient before clipping; missing in logs of vqct 0.1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gradient_norm: Option<f64>,
        /// The other terms, by name: image loss terms, terms of the discriminator and of captions. Terms are logged
        /// before their weight, except LG-VQ's and word supervision, which are logged after it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        terms: BTreeMap<String, f64>,
    },
    /// The whole validation set after a step.
    Validation {
        /// The step, from 1.
        step: u64,
        /// Means over images, by the metric's name: `psnr` (dB), `ssim`, `ms_ssim`.
        #[serde(flatten)]
        images: BTreeMap<String, f64>,
        /// Share of all codes that the validation set uses at least once.
        usage: f64,
        /// Usage of each group of codes.
        groups: Vec<GroupRecord>,
        /// How well captions are predicted from codes; none without captions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        captions: Option<CaptionFigures>,
    },
    /// The whole validation set under a generator, after a step.
    Generation {
        /// The step, from 1.
        step: u64,
        /// Nats per id, mean over the predicted ids.
        nats_per_id: f64,
        /// Its exponential.
        perplexity: f64,
        /// The same for each id of a position.
        slots: Vec<SlotRecord>,
    },
    /// The validation scenes under a scene classifier, after a step.
    Classification {
        /// The step, from 1.
        step: u64,
        /// Shares by name, such as `object_f1`, in `0..=1`.
        figures: BTreeMap<String, f64>,
    },
    /// An event.
    Event {
        /// The step, from 1.
        step: u64,
        /// The event.
        event: Event,
    },
}

impl Record {
    /// The step of the record.
    pub fn step(&self) -> u64 {
        match self {
            Self::Train { step, .. }
            | Self::Validation { step, .. }
            | Self::Generation { step, .. }
            | Self::Classification { step, .. }
            | Self::Event { step, .. } => *step,
        }
    }
}

/// Usage of one group of codes over the validation set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRecord {
    /// The group's name.
    pub group: String,
    /// Codes in the group.
    pub size: i64,
    /// Codes used at least once.
    pub used: i64,
    /// Exponential of the entropy of the histogram of ids.
    pub perplexity: f64,
    /// Gini coefficient of the histogram: 0 if all codes are used equally, near 1 if one code has all; missing in older
    /// logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gini: Option<f64>,
}

impl GroupRecord {
    /// Share of the codes of all groups that are used at least once.
    pub fn total_usage(groups: &[Self]) -> f64 {
        let sum = |count: fn(&Self) -> i64| groups.iter().map(count).sum::<i64>() as f64;
        sum(|group| group.used) / sum(|group| group.size)
    }
}

/// How well a generator predicts one of the ids of a position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotRecord {
    /// The slot's group, with a number if the group has several.
    #[serde(rename = "group")]
    pub slot: String,
    /// Nats per id.
    pub nats_per_id: f64,
}

/// How well a caption decoder predicts the captions of the validation set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptionFigures {
    /// Mean cross-entropy of a token given the image and the tokens before it, in nats.
    pub negative_log_likelihood: f64,
    /// Share of the tokens that were predicted as the most probable.
    pub accuracy: f64,
}
