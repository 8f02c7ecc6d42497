//! Classifier of the objects and colours of a scene.

use serde::{Deserialize, Serialize};
use tch::Tensor;
use tch::nn::{self, Module};

use crate::ModelError;
use crate::layers::{Conv, ConvShape, GroupNorm, ResidualBlock};

/// Channels in a group of the normalization.
const GROUP: i64 = 16;

/// `r` of the pooling. At 1, the positions without an object outweigh those with it; infinity is the maximum, whose
/// gradient reaches one position only.
const SHARPNESS: f64 = 4.0;

/// Initial logit of presence at every position, since a scene shows few of the objects.
const INITIAL_PRESENCE: f64 = -3.0;

/// Shape of a [`SceneClassifier`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SceneClassifierConfig {
    /// Channels of each level, multiples of 16; each level halves height and width. The last is the number of features.
    pub widths: Vec<i64>,
    /// Residual blocks of a level.
    pub blocks: i64,
}

/// 32, 64 and 128 channels, one block each.
impl Default for SceneClassifierConfig {
    fn default() -> Self {
        Self { widths: vec![32, 64, 128], blocks: 1 }
    }
}

impl SceneClassifierConfig {
    /// `f`: pixels per position along one axis.
    pub fn factor(&self) -> i64 {
        1 << self.widths.len()
    }

    /// Checks that the network can be built.
    ///
    /// # Errors
    /// [`ModelError::Option`] naming the field.
    pub fn check(&self) -> Result<(), ModelError> {
        let refuse = |expected: &str, got: String| {
            Err(ModelError::Option { op: "SceneClassifierConfig", expected: expected.into(), got })
        };
        let multiples = self.widths.iter().all(|&width| width > 0 && width % GROUP == 0);
        if !(1..=6).contains(&self.widths.len()) || !multiples {
            return refuse("1 to 6 `widths`, each a positive multiple of 16", format!("{:?}", self.widths));
        }
        if self.blocks < 1 {
            return refuse("`blocks` >= 1", self.blocks.to_string());
        }
        Ok(())
    }
}

/// The classes of a [`SceneClassifier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SceneClasses {
    /// `N`: number of objects.
    pub objects: i64,
    /// `K`: number of colours, of which an object has one.
    pub colors: i64,
}

/// Result of [`SceneClassifier::forward`].
#[derive(Debug)]
pub struct ScenePrediction {
    /// `[B, F]`: means over all positions of the last feature map.
    pub features: Tensor,
    /// `[B, N]`: logits of the presence of each object.
    pub presence: Tensor,
    /// `[B, N, K]`: logits of the colours of each object, meaningful only if it is present.
    pub colors: Tensor,
    /// `[B, N, H / f, W / f]`: logits of each object at each position, from which `presence` is pooled.
    pub positions: Tensor,
}

/// A residual network that predicts which of `N` objects an image shows, and in which of `K` colours each.
///
/// Two 1x1 convolutions give each position logits of the objects and logits of the colours.
/// The presence of an object is pooled over all positions `x` by `1/r log mean exp(r x)` with `r = 4` (Pinheiro and
/// Collobert 2015, arXiv 1411.6228).
/// The colour logits of an object are the mean over positions, weighted by the gradient of this pooling, so they are read
/// where the object is.
/// All objects share one map of colours, so combinations that do not occur in training are no special case.
///
/// Parameters, for level `l` and block `b`: `levels.l.down`; `levels.l.blocks.b` with `norm1`, `conv1`, `norm2`, `conv2`;
/// `norm_out`; `presence`, `[N, F, 1, 1]`; `colors`, `[K, F, 1, 1]`; each with `weight` and `bias`.
#[derive(Debug)]
pub struct SceneClassifier {
    levels: Vec<Level>,
    norm_out: GroupNorm,
    presence: Conv,
    colors: Conv,
    factor: i64,
}

/// Halves height and width, then applies residual blocks.
#[derive(Debug)]
struct Level {
    down: Conv,
    blocks: Vec<ResidualBlock>,
}

impl SceneClassifier {
    /// Registers the parameters under `path`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration is invalid, or there is no object or no colour.
    pub fn new(path: &nn::Path, config: &SceneClassifierConfig, classes: SceneClasses) -> Result<Self, ModelError> {
        config.check()?;
        let SceneClasses { objects, colors } = classes;
        if objects < 1 || colors < 1 {
            let (op, expected) = ("SceneClassifier::new", "at least one object and one colour".into());
            return Err(ModelError::Option { op, expected, got: format!("{objects} and {colors}") });
        }
        let inputs = std::iter::once(3).chain(config.widths.iter().copied());
        let levels = inputs.zip(&config.widths).enumerate().map(|(level, (inputs, &outputs))| {
            let path = path / "levels" / level as i64;
            let shape = ConvShape { inputs, outputs, kernel: 3, stride: 2, padding: 1 };
            let block = |block| {
                let path = &path / "blocks" / block;
                ResidualBlock::with_groups(&path, outputs, outputs, outputs / GROUP)
            };
            Level { down: Conv::new(&(&path / "down"), shape), blocks: (0..config.blocks).map(block).collect() }
        });
        let levels: Vec<Level> = levels.collect();
        let features = config.widths.last().copied().unwrap_or(GROUP);
        let head = |outputs| ConvShape { inputs: features, outputs, kernel: 1, stride: 1, padding: 0 };
        let (presence, initial) = (head(objects), Some(nn::Init::Const(INITIAL_PRESENCE)));
        Ok(Self {
            levels,
            norm_out: GroupNorm::with_groups(&(path / "norm_out"), features, features / GROUP),
            presence: Conv::with_init(&(path / "presence"), presence, presence.torch_init(), initial),
            colors: Conv::new(&(path / "colors"), head(colors)),
            factor: config.factor(),
        })
    }

    /// Classifies images `[B, 3, H, W]`, `Float`, in `[-1, 1]`, whose sides are multiples of the
    /// [factor](SceneClassifierConfig::factor).
    ///
    /// # Errors
    /// [`ModelError::Shape`] if there is no image, or the shape differs.
    pub fn forward(&self, images: &Tensor) -> Result<ScenePrediction, ModelError> {
        let fits = |side: i64| side > 0 && side % self.factor == 0;
        match images.size()[..] {
            [batch, 3, height, width] if batch > 0 && fits(height) && fits(width) => {}
            ref got => {
                let expected = format!("[B, 3, H, W] with H and W multiples of {}", self.factor);
                return Err(ModelError::Shape { op: "SceneClassifier::forward", expected, got: got.to_vec() });
            }
        }
        let map = self.levels.iter().fold(images.shallow_clone(), |xs, level| level.forward(&xs));
        let map = self.norm_out.swish(&map); // [B, F, h, w]
        let positions = self.presence.forward(&map); // [B, N, h, w]
        let sharpened = positions.flatten(2, -1) * SHARPNESS; // [B, N, h w]
        let count = sharpened.size()[2] as f64;
        let presence = (sharpened.logsumexp([-1_i64], false) - count.ln()) / SHARPNESS; // [B, N]
        let colors = self.colors.forward(&map).flatten(2, -1).transpose(1, 2); // [B, h w, K]
        let colors = sharpened.softmax(-1, None).bmm(&colors); // [B, N, K]
        Ok(ScenePrediction { features: map.mean_dim([2_i64, 3].as_slice(), false, None), presence, colors, positions })
    }
}

impl Module for Level {
    /// `[B, C, H, W]` to `[B, C', H/2, W/2]`, for even `H` and `W`.
    fn forward(&self, xs: &Tensor) -> Tensor {
        self.blocks.iter().fold(self.down.forward(xs), |xs, block| block.forward(&xs))
    }
}
