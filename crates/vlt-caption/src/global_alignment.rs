//! Global semantic alignment.

use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor, nn};
use vq_nn::{InputError, Linear, check_option};

use crate::error::CaptionError;
use crate::memory::Memory;
use crate::normalize::normalize;
use crate::term::{CaptionLossInputs, CaptionLossTerm, CaptionTermLoss};

/// Options of a [`GlobalAlignment`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GlobalAlignmentConfig {
    /// The weight of the term; 0.001 by default, LG-VQ's.
    pub weight: f64,
    /// Divides the cosines; 0.07 by default.
    pub temperature: f64,
}

impl Default for GlobalAlignmentConfig {
    fn default() -> Self {
        Self { weight: 0.001, temperature: 0.07 }
    }
}

impl GlobalAlignmentConfig {
    /// Checks every option.
    ///
    /// # Errors
    /// [`CaptionError::Input`] with the key of the first invalid option.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "GlobalAlignmentConfig";
        let Self { weight, temperature } = *self;
        check_option(OP, "weight", weight.is_finite() && weight >= 0.0, "to be finite and 0 or more", weight)?;
        let valid = temperature.is_finite() && temperature > 0.0;
        check_option(OP, "temperature", valid, "to be finite and positive", temperature)?;
        Ok(())
    }
}

/// Image-to-text InfoNCE: trains each image to be nearer to its own text than to the others of the batch (LG-VQ, NeurIPS
/// 2024, global semantic alignment).
///
/// LG-VQ represents the image by a class token; here it is the mean of the positions.
///
/// Parameter: `projection.{weight, bias}`, from the module's width to that of the text.
#[derive(Debug)]
pub struct GlobalAlignment {
    projection: Linear,
    text_width: i64,
    config: GlobalAlignmentConfig,
}

impl GlobalAlignment {
    /// Registers the term under `path`, for a memory of `width` features and texts of `text_width`.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if a width is not positive or an option is invalid.
    pub fn new(
        path: &nn::Path,
        width: i64,
        text_width: i64,
        config: &GlobalAlignmentConfig,
    ) -> Result<Self, CaptionError> {
        const OP: &str = "GlobalAlignment::new";
        config.check()?;
        check_option(OP, "width", width >= 1, "to be positive", width)?;
        check_option(OP, "text_width", text_width >= 1, "to be positive", text_width)?;
        let projection = Linear::new(&(path / "projection"), width, text_width);
        Ok(Self { projection, text_width, config: config.clone() })
    }

    /// The weighted loss of images and the embeddings of their texts, `[B, E]`, which get no gradient: a scalar.
    ///
    /// # Errors
    /// [`CaptionError::Input`] if there is not one text of the right width for each image.
    pub fn loss(&self, memory: &Memory, texts: &Tensor) -> Result<Tensor, CaptionError> {
        let images = memory.states.size()[0];
        if texts.size() != [images, self.text_width] {
            let (op, what) = ("GlobalAlignment::loss", "texts");
            let expected = format!("[{images}, {}]", self.text_width);
            return Err(InputError::Shape { op, what, expected, got: texts.size() }.into());
        }
        let images_in_text_space = self.image_vectors(memory);
        let texts = normalize(&texts.detach().to_kind(images_in_text_space.kind()));
        let scores = images_in_text_space.matmul(&texts.tr()) / self.config.temperature; // [images, texts]
        let own = Tensor::arange(images, (Kind::Int64, scores.device()));
        Ok(scores.cross_entropy_loss(&own, None::<Tensor>, Reduction::Mean, -100, 0.0) * self.config.weight)
    }

    /// The images in the space of the texts: unit vectors `[B, E]`, to be compared with texts by their cosines.
    pub fn image_vectors(&self, memory: &Memory) -> Tensor {
        normalize(&self.projection.forward(&memory.states.mean_dim(1, false, memory.states.kind())))
    }
}

impl CaptionLossTerm for GlobalAlignment {
    fn name(&self) -> &'static str {
        "global_alignment"
    }

    fn compute(&self, inputs: &CaptionLossInputs<'_>) -> Result<Option<CaptionTermLoss>, CaptionError> {
        let CaptionLossInputs { decoder, memory, batch, .. } = inputs;
        // Images without words have no text, and a single pair has no negatives.
        let captioned = batch.lengths.ge(3).nonzero().squeeze_dim(1);
        if captioned.size()[0] < 2 {
            return Ok(None);
        }
        let states = memory.states.index_select(0, &captioned);
        let texts = decoder.text_vectors(batch).index_select(0, &captioned);
        Ok(Some(CaptionTermLoss::weighted(self.loss(&Memory { states }, &texts)?)))
    }
}
