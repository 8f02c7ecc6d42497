//! Inception-v3, whose features define FID.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor, nn};
use vq_file::sha256_hex;

use super::inception_blocks::Stages;
use super::weights::Weights;
use crate::ModelError;

/// Side of the network's input.
const SIDE: i64 = 299;
/// Number of features.
const FEATURES: i64 = 2048;
/// Number of classes of the graph of 2015, of which 1000 are in use.
const CLASSES: i64 = 1008;

/// The file of weights and the scale of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InceptionConfig {
    /// A safetensors file with the tensors that [`Inception`] lists.
    pub file: PathBuf,
    /// The SHA-256 that the file must have, in hexadecimal digits; without it, any file is accepted.
    #[serde(default)]
    pub sha256: Option<String>,
    /// The scale of the network's input.
    #[serde(default)]
    pub scale: InceptionScale,
}

/// Map from levels `l` in `0..=255` to the network's input.
///
/// The two maps differ by half a level, which changes the later digits of a figure.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InceptionScale {
    /// `(l - 128) / 128`, as the original graph, clean-fid and torch-fidelity.
    #[default]
    Original,
    /// `l / 127.5 - 1`, as pytorch-fid.
    Symmetric,
}

/// Result of [`Inception::forward`].
#[derive(Debug)]
pub struct InceptionOutput {
    /// `[B, 2048]`, `Float`, after the last average over positions: the input of FID and KID.
    pub features: Tensor,
    /// `[B, 1008]`, `Float`.
    pub logits: Tensor,
    /// `[B, 1008]`, `Float`, without the bias: the input of the Inception score in its authors' code.
    pub unbiased_logits: Tensor,
}

/// Inception-v3 (Szegedy et al. 2015, arXiv 1512.00567) in the variant that FID is defined by (Heusel et al. 2017,
/// arXiv 1706.08500): the TensorFlow graph of 2015-12-05, ported.
///
/// It differs from torchvision's network in its weights and classes, in average pooling that does not count the padding,
/// and in the last block, which has max pooling where the paper has average pooling.
/// The network is frozen; normalizations use the statistics of its training.
///
/// # Images
/// `[B, 3, H, W]` in `[-1, 1]`, of any size.
/// They are clamped, resized to 299x299 by Pillow's bicubic filter, which is antialiased, and clamped again, without
/// rounding to levels.
/// This is clean-fid's procedure (Parmar et al. 2022, arXiv 2104.11222).
/// An image of 299x299 is not resized.
///
/// # Weights
/// Trained weights are not included. They are read from a safetensors file, in F32, under the names of pytorch-fid's
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
/// Tensors with other names are ignored. Python makes the file:
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
    /// [`ModelError::Read`] or [`ModelError::File`] if the file cannot be read; [`ModelError::Hash`] if its hash is not the
    /// expected one; [`ModelError::Tensor`] naming a tensor that is missing or has another shape.
    pub fn open(config: &InceptionConfig, device: Device) -> Result<Self, ModelError> {
        let failed = |source| ModelError::Read { op: "Inception", file: config.file.clone(), source };
        let sha256 = sha256_hex(&std::fs::read(&config.file).map_err(failed)?);
        if let Some(expected) = &config.sha256
            && !expected.eq_ignore_ascii_case(&sha256)
        {
            let (file, expected) = (config.file.clone(), expected.clone());
            return Err(ModelError::Hash { op: "Inception", file, expected, got: sha256 });
        }
        let weights = Weights::open("Inception", std::slice::from_ref(&config.file))?;
        Ok(Self { sha256: Some(sha256), ..Self::with(&weights, config.scale, device)? })
    }

    /// Takes the weights from memory; `origin` names their source in errors.
    ///
    /// # Errors
    /// [`ModelError::Tensor`] naming a tensor that is missing or has another shape.
    pub fn from_tensors(
        tensors: impl IntoIterator<Item = (String, Tensor)>,
        origin: &str,
        scale: InceptionScale,
        device: Device,
    ) -> Result<Self, ModelError> {
        Self::with(&Weights::from_tensors("Inception", tensors, origin), scale, device)
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

    /// The parameters of the network, under the names above; none is trainable.
    pub fn store(&self) -> &nn::VarStore {
        &self.store
    }

    /// The SHA-256 of the file of weights, in hexadecimal digits; none for weights from memory.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// The network's input for images `[B, 3, H, W]`: `[B, 3, 299, 299]`, `Float`.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if the shape differs.
    pub fn prepare(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        let size = images.size();
        let (height, width) = match size[..] {
            [_, 3, height, width] if height > 0 && width > 0 => (height, width),
            _ => {
                let expected = "[B, 3, H, W]".to_owned();
                return Err(ModelError::Shape { op: "Inception", expected, got: size });
            }
        };
        // In `Double`, the filter equals Pillow's to the last digits; in `Float`, libtorch rounds its positions too coarsely.
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
    /// [`ModelError::Shape`] if the shape differs.
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
