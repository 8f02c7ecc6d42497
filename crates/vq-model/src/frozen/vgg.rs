//! The features of VGG-16.

use tch::{Tensor, nn};

use super::weights::Weights;
use crate::ModelError;

/// Channels of the five features, after `relu1_2`, `relu2_2`, `relu3_3`, `relu4_3` and `relu5_3`.
pub(super) const CHANNELS: [i64; 5] = [64, 128, 256, 512, 512];

/// torchvision's index of each convolution, by feature. The layers between are ReLU and 2x2 max pooling.
const INDICES: [&[i64]; 5] = [&[0, 2], &[5, 7], &[10, 12, 14], &[17, 19, 21], &[24, 26, 28]];

/// The convolutions of VGG-16 (Simonyan and Zisserman 2014, arXiv 1409.1556, configuration D) up to `relu5_3`.
///
/// Parameters: `{N}.weight` and `{N}.bias` with torchvision's index `N`.
#[derive(Debug)]
pub(super) struct Vgg {
    stages: Vec<Vec<Convolution>>,
}

#[derive(Debug)]
struct Convolution {
    weight: Tensor,
    bias: Tensor,
}

impl Vgg {
    pub(super) fn new(path: &nn::Path, weights: &Weights) -> Result<Self, ModelError> {
        let mut inputs = 3;
        let mut stages = Vec::with_capacity(INDICES.len());
        for (stage, (indices, &outputs)) in INDICES.iter().zip(&CHANNELS).enumerate() {
            let mut convolutions = Vec::with_capacity(indices.len());
            for &index in *indices {
                let at = path / index;
                let take = |kind: &str, shape: &[i64]| {
                    let names = [format!("features.{index}.{kind}"), format!("net.slice{}.{index}.{kind}", stage + 1)];
                    Ok::<_, ModelError>(at.var_copy(kind, &weights.find(&names, shape)?))
                };
                convolutions.push(Convolution {
                    weight: take("weight", &[outputs, inputs, 3, 3])?,
                    bias: take("bias", &[outputs])?,
                });
                inputs = outputs;
            }
            stages.push(convolutions);
        }
        Ok(Self { stages })
    }

    /// Scaled images `[B, 3, H, W]` to five features `[B, C, H / 2^i, W / 2^i]`, `i` in `0..5`.
    pub(super) fn features(&self, scaled: &Tensor) -> Vec<Tensor> {
        let mut hidden = scaled.shallow_clone();
        let mut features = Vec::with_capacity(self.stages.len());
        for (stage, convolutions) in self.stages.iter().enumerate() {
            if stage > 0 {
                hidden = hidden.max_pool2d(2, 2, 0, 1, false);
            }
            for Convolution { weight, bias } in convolutions {
                hidden = hidden.conv2d(weight, Some(bias), 1, 1, 1, 1).relu();
            }
            features.push(hidden.shallow_clone());
        }
        features
    }
}
