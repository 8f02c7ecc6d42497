use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor, nn};
use vq_transformer::{InputError, Linear};

use crate::config::check_option;
use crate::{CaptionError, Memory};

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
    /// [`CaptionError::Input`] with the key of the first that makes no sense.
    pub fn check(&self) -> Result<(), CaptionError> {
        const OP: &str = "GlobalAlignmentConfig";
        let Self { weight, temperature } = *self;
        check_option(OP, "weight", weight.is_finite() && weight >= 0.0, "to be finite and 0 or more", weight)?;
        let sound = temperature.is_finite() && temperature > 0.0;
        check_option(OP, "temperature", sound, "to be finite and positive", temperature)
    }
}

/// Image-to-text InfoNCE: each image shall be nearer to its own text than to the others of the batch (LG-VQ, NeurIPS
/// 2024, global semantic alignment).
///
/// LG-VQ reads a class token; here the mean of the positions stands for the image.
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
    /// [`CaptionError::Input`] if a width is not positive or an option makes no sense.
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

    /// The weighted term of images and the embeddings of their texts, `[B, E]`, which get no gradient: a scalar.
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
        let seen = self.images(memory);
        let told = unit(&texts.detach().to_kind(seen.kind()));
        let scores = seen.matmul(&told.tr()) / self.config.temperature; // [images, texts]
        let own = Tensor::arange(images, (Kind::Int64, scores.device()));
        Ok(scores.cross_entropy_loss(&own, None::<Tensor>, Reduction::Mean, -100, 0.0) * self.config.weight)
    }

    /// The images among the texts: unit vectors `[B, E]`, to be compared with texts by their cosines.
    pub fn images(&self, memory: &Memory) -> Tensor {
        unit(&self.projection.forward(&memory.states.mean_dim(1, false, memory.states.kind())))
    }
}

/// Vectors of length one along the last axis, in `Float` or more digits; zero stays zero.
pub(crate) fn unit(vectors: &Tensor) -> Tensor {
    let kind = if vectors.kind() == Kind::Double { Kind::Double } else { Kind::Float };
    let vectors = vectors.to_kind(kind);
    // The square is kept from zero, where a root has no gradient.
    let length = vectors.square().sum_dim_intlist(-1, true, kind).clamp_min(1e-16).sqrt();
    vectors / length
}
