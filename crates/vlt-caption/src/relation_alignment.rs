//! Relationship alignment.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, nn};
use vq_nn::{InputError, Linear, check_kind, check_option, check_range};

use crate::error::CaptionError;
use crate::normalize::normalize;
use crate::term::{CaptionLossInputs, CaptionLossTerm, CaptionTermLoss};

/// Options of a [`RelationAlignment`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RelationAlignmentConfig {
    /// The weight of the term; 0.001 by default, the largest of LG-VQ's.
    pub weight: f64,
}

impl Default for RelationAlignmentConfig {
    fn default() -> Self {
        Self { weight: 0.001 }
    }
}

impl RelationAlignmentConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Input`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), CaptionError> {
        let weight = self.weight;
        let valid = weight.is_finite() && weight >= 0.0;
        check_option("RelationAlignmentConfig", "weight", valid, "to be finite and 0 or more", weight)?;
        Ok(())
    }
}

/// Aligns the similarities of codes with those of words: the mean squared difference between the cosines of each pair of
/// words of a caption and the cosines of the codes that match them (LG-VQ, NeurIPS 2024, relationship alignment).
///
/// A word's match is the position whose projected code has the largest cosine with it. Gradients flow through the cosines
/// between the matched codes, not through the choice.
///
/// Parameter: `projection.{weight, bias}`, from the codes' channels to the width of the words.
#[derive(Debug)]
pub struct RelationAlignment {
    projection: Linear,
    channels: i64,
    word_width: i64,
    config: RelationAlignmentConfig,
}

impl RelationAlignment {
    /// Registers the term under `path`, for codes of `channels` channels and words of `word_width` features.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if a width is not positive or an option is invalid.
    pub fn new(
        path: &nn::Path,
        channels: i64,
        word_width: i64,
        config: &RelationAlignmentConfig,
    ) -> Result<Self, CaptionError> {
        const OP: &str = "RelationAlignment::new";
        config.check()?;
        check_option(OP, "channels", channels >= 1, "to be positive", channels)?;
        check_option(OP, "word_width", word_width >= 1, "to be positive", word_width)?;
        let projection = Linear::new(&(path / "projection"), channels, word_width);
        Ok(Self { projection, channels, word_width, config: config.clone() })
    }

    /// The weighted loss of codes `[B, C, H, W]` and the vectors of their captions' words, `[B, T, E]`, of which the first
    /// `counts`, `[B]`, `Int64`, are not padding: a scalar, the mean over all pairs of two words of one caption; zero if
    /// there are none. The words get no gradient.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if something does not fit.
    pub fn loss(&self, codes: &Tensor, words: &Tensor, counts: &Tensor) -> Result<Tensor, CaptionError> {
        const OP: &str = "RelationAlignment::loss";
        let shape = |what, expected, got| Err(InputError::Shape { op: OP, what, expected, got }.into());
        let images = match codes.size()[..] {
            [images, channels, height, width] if channels == self.channels && height * width >= 1 => images,
            _ => return shape("codes", format!("[B, {}, H, W]", self.channels), codes.size()),
        };
        let longest = match words.size()[..] {
            [batch, longest, width] if batch == images && width == self.word_width => longest,
            _ => return shape("words", format!("[{images}, T, {}]", self.word_width), words.size()),
        };
        if counts.size() != [images] {
            return shape("counts", format!("[{images}]"), counts.size());
        }
        check_kind(OP, "counts", counts)?;
        check_range(OP, "counts", counts, 0..longest + 1)?;

        let cells = normalize(&self.projection.forward(&codes.flatten(2, 3).transpose(1, 2))); // [B, P, E]
        let words = normalize(&words.detach().to_kind(cells.kind())); // [B, T, E]
        let nearest = words.bmm(&cells.detach().transpose(1, 2)).argmax(2, false); // [B, T]
        let matched = cells.gather(1, &nearest.unsqueeze(2).expand_as(&words), false); // [B, T, E]
        let cosines = |vectors: &Tensor| vectors.bmm(&vectors.transpose(1, 2)); // [B, T, T]
        let positions = Tensor::arange(longest, (Kind::Int64, codes.device()));
        let real = positions.unsqueeze(0).lt_tensor(&counts.unsqueeze(1)); // [B, T]
        // A word is not paired with itself: both cosines would be one.
        let pairs = real.unsqueeze(1).logical_and(&real.unsqueeze(2)).tril(-1); // [B, T, T]
        let difference = (cosines(&matched) - cosines(&words)).square() * pairs.to_kind(cells.kind());
        let count = pairs.sum(Kind::Int64).clamp_min(1);
        Ok(difference.sum(cells.kind()) / count * self.config.weight)
    }
}

impl CaptionLossTerm for RelationAlignment {
    fn name(&self) -> &'static str {
        "relation_alignment"
    }

    fn compute(&self, inputs: &CaptionLossInputs<'_>) -> Result<Option<CaptionTermLoss>, CaptionError> {
        let words = inputs.decoder.caption_word_vectors(inputs.batch);
        let loss = self.loss(inputs.codes, &words, &inputs.batch.word_counts())?;
        Ok(Some(CaptionTermLoss::weighted(loss)))
    }
}
