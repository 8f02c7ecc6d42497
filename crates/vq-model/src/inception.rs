//! The features that FID is defined by.

mod blocks;
mod convolution;
mod hash;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};

use crate::ModelError;
use crate::weights::Weights;
use blocks::Stages;

/// Side of the images that the network sees.
const SIDE: i64 = 299;
/// Number of features.
const FEATURES: i64 = 2048;
/// Number of classes: those of 2015, of which 1000 mean something.
const CLASSES: i64 = 1008;

/// Where the weights lie, and how levels meet them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InceptionConfig {
    /// A safetensors file with the tensors that [`Inception`] lists.
    pub file: PathBuf,
    /// The SHA-256 that the file must have, in hexadecimal digits; any will do if not given.
    #[serde(default)]
    pub sha256: Option<String>,
    /// The scale of the network's input.
    #[serde(default)]
    pub scale: InceptionScale,
}

/// How levels `l` of `0..=255` become the network's input.
///
/// The two differ by half a level, and figures by them in their later digits.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InceptionScale {
    /// `(l - 128) / 128`, as the original graph, clean-fid and torch-fidelity.
    #[default]
    Original,
    /// `l / 127.5 - 1`, as pytorch-fid.
    Symmetric,
}

/// What the network says of images.
#[derive(Debug)]
pub struct InceptionOutput {
    /// `[B, 2048]`, `Float`, after the last average over positions: what FID and KID compare.
    pub features: Tensor,
    /// `[B, 1008]`, `Float`.
    pub logits: Tensor,
    /// `[B, 1008]`, `Float`, without the bias: what the Inception score is computed from in its authors' code.
    pub unbiased_logits: Tensor,
}

/// Inception-v3 (Szegedy et al. 2015, arXiv 1512.00567) in the variant that FID is defined by (Heusel et al. 2017,
/// arXiv 1706.08500): the TensorFlow graph of 2015-12-05, ported.
///
/// It differs from torchvision's network in weights, in classes, in means that do not count what lies outside of the image,
/// and in the last block, which has a maximum where the paper has a mean.
/// The network is frozen, and normalizations use the statistics of its training.
///
/// # Images
/// `[B, 3, H, W]` in `[-1, 1]`, of any size.
/// They are clamped, resized to 299x299 by Pillow's bicubic filter, which is widened when shrinking, and clamped again;
/// nothing is rounded to whole levels.
/// So does clean-fid (Parmar et al. 2022, arXiv 2104.11222) with files, whose levels are whole before they are resized.
/// An image of 299x299 is left as it is.
///
/// # Weights
/// Trained weights are not shipped; they are read from a safetensors file, in F32, under the names of pytorch-fid's
/// `pt_inception-2015-12-05-6726825d.pth`, which are torchvision's:
///
/// | tensor | shape |
/// |---|---|
/// | `{C}.conv.weight` | `[O, I, H, W]` |
/// | `{C}.bn.weight`, `.bn.bias`, `.bn.running_mean`, `.bn.running_var` | `[O]` |
/// | `fc.weight` | `[1008, 2048]` |
/// | `fc.bias` | `[1008]` |
///
/// The convolutions `{C}` are `Conv2d_1a_3x3`, `2a_3x3`, `2b_3x3`, `3b_1x1` and `4a_3x3`, and those of the blocks:
///
/// | blocks | convolutions |
/// |---|---|
/// | `Mixed_5b`, `5c`, `5d` | `branch1x1`, `branch5x5_{1,2}`, `branch3x3dbl_{1,2,3}`, `branch_pool` |
/// | `Mixed_6a` | `branch3x3`, `branch3x3dbl_{1,2,3}` |
/// | `Mixed_6b`, `6c`, `6d`, `6e` | `branch1x1`, `branch7x7_{1,2,3}`, `branch7x7dbl_{1,2,3,4,5}`, `branch_pool` |
/// | `Mixed_7a` | `branch3x3_{1,2}`, `branch7x7x3_{1,2,3,4}` |
/// | `Mixed_7b`, `7c` | `branch1x1`, `branch3x3_{1,2a,2b}`, `branch3x3dbl_{1,2,3a,3b}`, `branch_pool` |
///
/// Tensors of other names are left alone. Python makes the file:
///
/// ```python
/// import torch, safetensors.torch as st
/// name = "pt_inception-2015-12-05-6726825d"
/// state = torch.load(f"{name}.pth", map_location="cpu", weights_only=True)
/// st.save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, f"{name}.safetensors")
/// ```
#[derive(Debug)]
pub struct Inception {
    store: nn::VarStore,
    stages: Stages,
    /// `[1008, 2048]`.
    weight: Tensor,
    /// `[1008]`.
    bias: Tensor,
    scale: InceptionScale,
    sha256: Option<String>,
}

impl Inception {
    /// Reads the weights.
    ///
    /// # Errors
    /// [`ModelError::Read`] or [`ModelError::File`] if the file cannot be read; [`ModelError::Hash`] if it is another than
    /// was asked for; [`ModelError::Tensor`] naming the tensor that it lacks, or that has another shape.
    pub fn open(config: &InceptionConfig, device: Device) -> Result<Self, ModelError> {
        let sha256 = hash::of_file(&config.file)?;
        if let Some(expected) = &config.sha256
            && !expected.eq_ignore_ascii_case(&sha256)
        {
            let (file, expected) = (config.file.clone(), expected.clone());
            return Err(ModelError::Hash { op: "Inception", file, expected, got: sha256 });
        }
        let weights = Weights::open("Inception", std::slice::from_ref(&config.file))?;
        Ok(Self { sha256: Some(sha256), ..Self::with(&weights, config.scale, device)? })
    }

    /// Takes over named tensors; `origin` names them in errors.
    ///
    /// # Errors
    /// [`ModelError::Tensor`] naming the tensor that is missing or has another shape.
    pub fn from_tensors(
        tensors: impl IntoIterator<Item = (String, Tensor)>,
        origin: &str,
        scale: InceptionScale,
        device: Device,
    ) -> Result<Self, ModelError> {
        Self::with(&Weights::given("Inception", tensors, origin), scale, device)
    }

    fn with(weights: &Weights, scale: InceptionScale, device: Device) -> Result<Self, ModelError> {
        let mut store = nn::VarStore::new(device);
        let root = store.root();
        let stages = Stages::new(&root, weights)?;
        let classes = &root / "fc";
        let weight = classes.var_copy("weight", &weights.find(&["fc.weight".into()], &[CLASSES, FEATURES])?);
        let bias = classes.var_copy("bias", &weights.find(&["fc.bias".into()], &[CLASSES])?);
        store.freeze();
        Ok(Self { store, stages, weight, bias, scale, sha256: None })
    }

    /// The network's own parameters, under the names above; none is trainable.
    pub fn store(&self) -> &nn::VarStore {
        &self.store
    }

    /// The SHA-256 of the file that the weights came from, in hexadecimal digits; nothing if they came from no file.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// Images `[B, 3, H, W]` as the network sees them: `[B, 3, 299, 299]`, `Float`.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if they are not images.
    pub fn prepare(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        let size = images.size();
        let (height, width) = match size[..] {
            [_, 3, height, width] if height > 0 && width > 0 => (height, width),
            _ => {
                let expected = "[B, 3, H, W]".to_owned();
                return Err(ModelError::Shape { op: "Inception", expected, got: size });
            }
        };
        // In `Double`, the filter is Pillow's to the last digits; in `Float`, libtorch places it too roughly.
        let mut images = images.detach().clamp(-1.0, 1.0).to_kind(Kind::Double);
        if (height, width) != (SIDE, SIDE) {
            images = images.internal_upsample_bicubic2d_aa([SIDE, SIDE], false, None, None).clamp(-1.0, 1.0);
        }
        Ok(match self.scale {
            InceptionScale::Original => ((images + 1.0) * 127.5 - 128.0) / 128.0,
            InceptionScale::Symmetric => images,
        }
        .to_kind(Kind::Float))
    }

    /// Features and logits of images `[B, 3, H, W]` in `[-1, 1]`, without gradients.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if they are not images.
    pub fn forward(&self, images: &Tensor) -> Result<InceptionOutput, ModelError> {
        let images = self.prepare(images)?;
        Ok(tch::no_grad(|| {
            let maps = self.stages.forward(&images); // [B, 2048, 8, 8]
            let features = maps.mean_dim([2_i64, 3].as_slice(), false, Kind::Float);
            let unbiased_logits = features.matmul(&self.weight.tr());
            InceptionOutput { features, logits: &unbiased_logits + &self.bias, unbiased_logits }
        }))
    }
}
