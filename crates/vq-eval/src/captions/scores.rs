//! All scores of captions at once.

use serde::{Deserialize, Serialize};

use super::bleu::{Bleu, BleuScores};
use super::cider::CiderD;
use super::meteor::Meteor;
use super::rouge::RougeL;
use crate::EvalError;

/// BLEU, ROUGE-L, CIDEr-D and METEOR of a set, each as its own accumulator gives it.
#[derive(Debug, Clone, Default)]
pub struct CaptionMetrics {
    bleu: Bleu,
    rouge_l: RougeL,
    cider_d: CiderD,
    meteor: Meteor,
    captions: u64,
}

/// What [`CaptionMetrics::compute`] gives.
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
    /// Captions that were scored.
    pub captions: u64,
}

impl CaptionMetrics {
    /// Scores of no caption, with these frequencies and these synonyms.
    pub fn new(cider_d: CiderD, meteor: Meteor) -> Self {
        Self { cider_d, meteor, ..Self::default() }
    }

    /// Adds a caption and its references.
    ///
    /// # Errors
    /// [`EvalError::NoReference`] if there is none; then nothing is added.
    pub fn update(&mut self, caption: &[String], references: &[Vec<String>]) -> Result<(), EvalError> {
        super::check_references("CaptionMetrics::update", references)?;
        self.bleu.update(caption, references)?;
        self.rouge_l.update(caption, references)?;
        self.cider_d.update(caption, references)?;
        self.meteor.update(caption, references)?;
        self.captions += 1;
        Ok(())
    }

    /// Adds what another has seen; its frequencies, parameters and synonyms do not count.
    pub fn merge(&mut self, other: &Self) {
        self.bleu.merge(&other.bleu);
        self.rouge_l.merge(&other.rouge_l);
        self.cider_d.merge(&other.cider_d);
        self.meteor.merge(&other.meteor);
        self.captions += other.captions;
    }

    /// The scores so far, or nothing before the first caption.
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
