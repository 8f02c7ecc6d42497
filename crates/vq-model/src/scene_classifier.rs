//! What sees which things a scene shows, and in which colours.

use serde::{Deserialize, Serialize};
use tch::Tensor;
use tch::nn::{self, Module};

use crate::ModelError;
use crate::convolution::{Conv, ConvShape};
use crate::layers::Norm;
use crate::residual::ResidualBlock;

/// Channels in a group of the normalization.
const GROUP: i64 = 16;

/// `r` of the pooling: 1 would let a thing be outvoted by all the places where it is not, infinity is the maximum, which
/// teaches one place at a time.
const SHARPNESS: f64 = 4.0;

/// The logit of presence at the beginning, at every place: most things are not there.
const RARE: f64 = -3.0;

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
    /// Pixels per place along one axis.
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

/// What a [`SceneClassifier`] can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SceneVocabulary {
    /// `N`: things that may be there.
    pub things: i64,
    /// `K`: colours, of which a thing has one.
    pub colors: i64,
}

/// What a [`SceneClassifier`] says of images.
#[derive(Debug)]
pub struct SceneOpinion {
    /// `[B, F]`: means over all places of the map that the logits are made of.
    pub features: Tensor,
    /// `[B, N]`: logits; a thing is there where its own is above 0.
    pub presence: Tensor,
    /// `[B, N, K]`: logits of the colours of each thing, which mean something where it is there.
    pub colors: Tensor,
    /// `[B, N, H / f, W / f]`: logits of each thing at each place, of which `presence` is pooled.
    pub places: Tensor,
}

/// A residual network that says of each of `N` things whether an image shows it, and in which of `K` colours.
///
/// A map of 1x1 logits says at each place which things are seen there, another which colour is.
/// The first is pooled to whether a thing is seen anywhere, `1/r log mean exp(r x)` over all places (Pinheiro and
/// Collobert 2015, arXiv 1411.6228) with `r = 4`.
/// The colour of a thing is the mean of the second, weighted by the gradient of this pooling: it is read where the thing
/// is seen. So one map of colours serves all things, and a pair that was never seen together is no harder.
///
/// Parameters, for level `l` and block `b`: `levels.l.down`; `levels.l.blocks.b` with `norm1`, `conv1`, `norm2`, `conv2`;
/// `norm_out`; `presence`, `[N, F, 1, 1]`; `colors`, `[K, F, 1, 1]`; each with `weight` and `bias`.
#[derive(Debug)]
pub struct SceneClassifier {
    levels: Vec<Level>,
    norm_out: Norm,
    presence: Conv,
    colors: Conv,
    factor: i64,
}

/// Halves height and width, then looks.
#[derive(Debug)]
struct Level {
    down: Conv,
    blocks: Vec<ResidualBlock>,
}

impl SceneClassifier {
    /// Registers the parameters under `path`.
    ///
    /// # Errors
    /// [`ModelError::Option`] if the configuration cannot be built, or there are no things or no colours to speak of.
    pub fn new(
        path: &nn::Path,
        config: &SceneClassifierConfig,
        vocabulary: SceneVocabulary,
    ) -> Result<Self, ModelError> {
        config.check()?;
        let SceneVocabulary { things, colors } = vocabulary;
        if things < 1 || colors < 1 {
            let (op, expected) = ("SceneClassifier::new", "at least one thing and one colour".into());
            return Err(ModelError::Option { op, expected, got: format!("{things} and {colors}") });
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
        let (presence, rare) = (head(things), Some(nn::Init::Const(RARE)));
        Ok(Self {
            levels,
            norm_out: Norm::with_groups(&(path / "norm_out"), features, features / GROUP),
            presence: Conv::with_init(&(path / "presence"), presence, presence.torch_init(), rare),
            colors: Conv::new(&(path / "colors"), head(colors)),
            factor: config.factor(),
        })
    }

    /// Images `[B, 3, H, W]`, `Float`, in `[-1, 1]`, their sides multiples of the
    /// [factor](SceneClassifierConfig::factor).
    ///
    /// # Errors
    /// [`ModelError::Shape`] if there is no image, or the images are others.
    pub fn forward(&self, images: &Tensor) -> Result<SceneOpinion, ModelError> {
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
        let places = self.presence.forward(&map); // [B, N, h, w]
        let seen = places.flatten(2, -1) * SHARPNESS; // [B, N, h w]
        let count = seen.size()[2] as f64;
        let presence = (seen.logsumexp([-1_i64], false) - count.ln()) / SHARPNESS; // [B, N]
        let colors = self.colors.forward(&map).flatten(2, -1).transpose(1, 2); // [B, h w, K]
        let colors = seen.softmax(-1, None).bmm(&colors); // [B, N, K]
        Ok(SceneOpinion { features: map.mean_dim([2_i64, 3].as_slice(), false, None), presence, colors, places })
    }
}

impl Module for Level {
    /// `[B, C, H, W]` to `[B, C', H/2, W/2]`, for even `H` and `W`.
    fn forward(&self, xs: &Tensor) -> Tensor {
        self.blocks.iter().fold(self.down.forward(xs), |xs, block| block.forward(&xs))
    }
}
