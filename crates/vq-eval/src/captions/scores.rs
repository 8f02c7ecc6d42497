//! All caption scores in one accumulator.

use serde::{Deserialize, Serialize};

use super::bleu::{Bleu, BleuScores};
use super::cider::CiderD;
use super::meteor::Meteor;
use super::rouge::RougeL;
use super::word_runs::check_references;
use crate::EvalError;

/// BLEU, ROUGE-L, CIDEr-D and METEOR of a set, each equal to its own accumulator.
#[derive(Debug, Clone, Default)]
pub struct CaptionMetrics {
    bleu: Bleu,
    rouge_l: RougeL,
    cider_d: CiderD,
    meteor: Meteor,
    captions: u64,
}

/// Result of [`CaptionMetrics::compute`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptionScores {
    /// BLEU-1 to 4, in `0..=1`.
    pub bleu: BleuScores,
    /// ROUGE-L, in `0..=1`.
    pub rouge_l: f64,
    /// CIDEr-D, in `0..=10`.
    pub cider_d: f64,
    /// METEOR by the formula of 2005, in `0..=1`.
    pub meteor: f64,
    /// Number of captions.
    pub captions: u64,
}

impl CaptionMetrics {
    /// An empty accumulator from an empty CIDEr-D and an empty METEOR, which hold the options.
    pub fn new(cider_d: CiderD, meteor: Meteor) -> Self {
        Self { cider_d, meteor, ..Self::default() }
    }

    /// Adds a caption and its references.
    ///
    /// # Errors
    /// [`EvalError::NoReference`] if there are no references; nothing is added then.
    pub fn update(&mut self, caption: &[String], references: &[Vec<String>]) -> Result<(), EvalError> {
        check_references("CaptionMetrics::update", references)?;
        self.bleu.update(caption, references)?;
        self.rouge_l.update(caption, references)?;
        self.cider_d.update(caption, references)?;
        self.meteor.update(caption, references)?;
        self.captions += 1;
        Ok(())
    }

    /// Adds another accumulator; its frequencies, parameters and synonyms are ignored.
    pub fn merge(&mut self, other: &Self) {
        self.bleu.merge(&other.bleu);
        self.rouge_l.merge(&other.rouge_l);
        self.cider_d.merge(&other.cider_d);
        self.meteor.merge(&other.meteor);
        self.captions += other.captions;
    }

    /// The scores so far; none before the first caption.
    pub fn compute(&self) -> Option<CaptionScores> {
        Some(CaptionScores {
            bleu: self.bleu.compute()?,
            rouge_l: self.rouge_l.compute()?,
            cider_d: self.cider_d.compute()?,
            meteor: self.meteor.compute()?,
            captions: self.captions,
        })
    }
}
