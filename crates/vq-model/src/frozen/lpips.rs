//! LPIPS, a perceptual distance between images.

use std::path::{Path, PathBuf};

use tch::{Device, Kind, Tensor, nn};

use super::vgg::{CHANNELS, Vgg};
use super::weights::Weights;
use crate::ModelError;

/// Mean and standard deviation of the colours in VGG-16's training, for images in `[-1, 1]`.
const SHIFT: [f32; 3] = [-0.030, -0.088, -0.188];
const SCALE: [f32; 3] = [0.458, 0.448, 0.450];

/// Added to the length of a feature before the division by it.
const EPSILON: f64 = 1e-10;

/// LPIPS (Zhang et al. 2018, arXiv 1801.03924, equation 1), version 0.1 on VGG-16: the squared distance of the normalized
/// features of two images, weighted by channel.
///
/// The network is frozen: gradients flow only to the images.
///
/// # Weights
/// Trained weights are not included. They are read from one or several safetensors files with these F32 tensors:
///
/// | tensor | shape | alternative name |
/// |---|---|---|
/// | `features.{N}.weight` | `[C, C', 3, 3]` | `net.slice{K}.{N}.weight` |
/// | `features.{N}.bias` | `[C]` | `net.slice{K}.{N}.bias` |
/// | `lin{K}.model.1.weight` | `[1, C, 1, 1]` | `lin{K}.weight` |
///
/// with `N` in 0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28 (the convolutions) and `K` in 0 to 4 (the features).
/// These are the names in torchvision's `vgg16` and in the lpips package's `weights/v0.1/vgg.pth`, which
/// taming-transformers downloads too; the alternative names are those of the state of an lpips or taming `LPIPS`.
/// Tensors with other names are ignored.
/// The originals are pickles, which libtorch's reader rejects. Python converts them:
///
/// ```python
/// import torch, safetensors.torch as st
/// for name in ["vgg16-397923af", "vgg"]:
///     state = torch.load(f"{name}.pth", map_location="cpu", weights_only=True)
///     st.save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, f"{name}.safetensors")
/// ```
#[derive(Debug)]
pub struct Lpips {
    store: nn::VarStore,
    shift: Tensor,
    scale: Tensor,
    vgg: Vgg,
    /// `[1, C, 1, 1]` for each feature.
    linear: Vec<Tensor>,
}

impl Lpips {
    /// The smallest side of an image, such that four halvings leave a pixel.
    pub const SMALLEST: i64 = 16;

    /// Reads the weights from safetensors files.
    ///
    /// # Errors
    /// [`ModelError::File`] if a file cannot be read; [`ModelError::Tensor`] naming a tensor that is missing or has another
    /// shape.
    pub fn open(files: &[impl AsRef<Path>], device: Device) -> Result<Self, ModelError> {
        let files: Vec<PathBuf> = files.iter().map(|file| file.as_ref().to_path_buf()).collect();
        Self::with(Weights::open("Lpips", &files)?, device)
    }

    /// Takes the weights from memory; `origin` names their source in errors.
    ///
    /// # Errors
    /// [`ModelError::Tensor`] naming a tensor that is missing or has another shape.
    pub fn from_tensors(
        tensors: impl IntoIterator<Item = (String, Tensor)>,
        origin: &str,
        device: Device,
    ) -> Result<Self, ModelError> {
        Self::with(Weights::from_tensors("Lpips", tensors, origin), device)
    }

    fn with(weights: Weights, device: Device) -> Result<Self, ModelError> {
        let mut store = nn::VarStore::new(device);
        let root = store.root();
        let vgg = Vgg::new(&(&root / "features"), &weights)?;
        let linear = CHANNELS.iter().enumerate().map(|(index, &channels)| {
            let names = [format!("lin{index}.model.1.weight"), format!("lin{index}.weight")];
            let path = &(&root / format!("lin{index}")) / "model" / 1;
            Ok(path.var_copy("weight", &weights.find(&names, &[1, channels, 1, 1])?))
        });
        let linear = linear.collect::<Result<_, ModelError>>()?;
        let color = |values: [f32; 3]| Tensor::from_slice(&values).view([1, 3, 1, 1]).to_device(device);
        let (shift, scale) = (color(SHIFT), color(SCALE));
        store.freeze();
        Ok(Self { store, shift, scale, vgg, linear })
    }

    /// The parameters of the network, under the first names above; none is trainable.
    pub fn store(&self) -> &nn::VarStore {
        &self.store
    }

    /// The distance of each image from its reference, `[B]`, `Float`; at least 0 for the trained weights.
    ///
    /// `images` and `references` are `[B, 3, H, W]` in `[-1, 1]`, with `H, W >= 16`.
    ///
    /// # Errors
    /// [`ModelError::Shape`] if the shapes differ, are not those of images, or are too small.
    pub fn distance(&self, images: &Tensor, references: &Tensor) -> Result<Tensor, ModelError> {
        check(images, images)?;
        check(references, images)?;
        let features = |batch: &Tensor| self.vgg.features(&((batch.to_kind(Kind::Float) - &self.shift) / &self.scale));
        // Two passes: that of references without gradients then keeps no activations.
        let (ours, theirs) = (features(images), features(references));
        let parts = ours.iter().zip(&theirs).zip(&self.linear).map(|((ours, theirs), linear)| {
            let squared = (unit(ours) - unit(theirs)).square(); // [B, C, H', W']
            squared.conv2d(linear, None::<Tensor>, 1, 0, 1, 1).mean_dim([1_i64, 2, 3].as_slice(), false, Kind::Float)
        });
        Ok(Tensor::stack(&parts.collect::<Vec<_>>(), 0).sum_dim_intlist([0_i64].as_slice(), false, Kind::Float))
    }
}

/// Features `[B, C, H, W]` divided by their length over the channels.
///
/// Where all channels are zero, the package's square root has an infinite slope and its gradient is NaN.
/// The square of epsilon under the root avoids this and is too small to change other lengths.
fn unit(features: &Tensor) -> Tensor {
    let squared = features.square().sum_dim_intlist([1_i64].as_slice(), true, Kind::Float);
    features / ((squared + EPSILON * EPSILON).sqrt() + EPSILON)
}

fn check(batch: &Tensor, other: &Tensor) -> Result<(), ModelError> {
    match batch.size()[..] {
        [_, 3, height, width] if height.min(width) >= Lpips::SMALLEST && batch.size() == other.size() => Ok(()),
        _ => Err(ModelError::Shape {
            op: "Lpips::distance",
            expected: format!(
                "[B, 3, H, W] with H, W >= {}, alike for images {:?} and references",
                Lpips::SMALLEST,
                other.size()
            ),
            got: batch.size(),
        }),
    }
}
