//! The VQGAN autoencoder, the image tokenizer built on it, and the networks that train and evaluate it.
//!
//! ```
//! use tch::{Device, Kind, Tensor, nn};
//! use vq_core::{LearnedCodebook, NearestConfig, NearestQuantizer};
//! use vq_model::{AutoencoderConfig, ImageTokenizer, Precision};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = nn::VarStore::new(Device::Cpu);
//! let codebook = LearnedCodebook::new(&(store.root() / "codebook"), 512, 3)?;
//! let quantizer = NearestQuantizer::new(Box::new(codebook), NearestConfig::default())?;
//! let config = AutoencoderConfig { channels: 32, ..AutoencoderConfig::f4() };
//! let tokenizer = ImageTokenizer::new(&store.root(), &config, Box::new(quantizer))?;
//! let tokenizer = tokenizer.with_precision(Precision::Bf16);
//!
//! let images = Tensor::rand([2, 3, 16, 24], (Kind::Float, Device::Cpu)) * 2.0 - 1.0;
//! let ids = tokenizer.encode(&images)?;
//! assert_eq!(ids.size(), [2, 4, 6, 1]);
//! assert_eq!(tokenizer.decode(&ids)?.size(), images.size());
//! # Ok(())
//! # }
//! ```
//!
//! | item | source | test against PyTorch in `tests/it/` |
//! |---|---|---|
//! | [`ImageTokenizer`], [`Encoder`], [`Decoder`] | VQGAN, arXiv 2012.09841; taming-transformers' parameter names | `goldens` |
//! | [`load_taming`] | names of taming-transformers' `VQModel` | `taming` |
//! | [`PatchDiscriminator`] | PatchGAN, arXiv 1611.07004; taming's `NLayerDiscriminator` | `goldens` |
//! | [`SpectralDiscriminator`] | spectral normalization, arXiv 1802.05957 | `goldens` |
//! | [`Lpips`] | arXiv 1801.03924; the lpips package | `lpips` |
//! | [`Inception`] | Inception-v3, arXiv 1512.00567, as ported for FID; pytorch-fid, clean-fid | `inception` |
//! | [`SceneClassifier`] | our own; pooling of arXiv 1411.6228 | `scene_classifier` |
//!
//! # Precision
//!
//! With [`Precision::Bf16`], convolutions and attention compute in `BFloat16`.
//! Parameters, gradients, statistics of normalizations, the quantizer, images and logits are always `Float`.
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | images in a batch |
//! | `H`, `W` | height and width of an image, in pixels |
//! | `f` | downsampling factor of the autoencoder |
//! | `C` | channels of a feature map |
//! | `Z` | channels of the encoder's output |
//! | `S` | ids per position |
//!
//! Images are `[B, 3, H, W]`, `Float`, in `[-1, 1]`.

mod autoencoder;
mod discriminator;
mod error;
mod frozen;
mod layers;
mod precision;
mod scene_classifier;
mod taming;
mod tokenizer;

pub use autoencoder::{AutoencoderConfig, AutoencoderPreset, Decoder, Encoder};
pub use discriminator::{Discriminator, DiscriminatorConfig, PatchConfig, PatchDiscriminator, SpectralDiscriminator};
pub use error::ModelError;
pub use frozen::{Inception, InceptionConfig, InceptionOutput, InceptionScale, Lpips};
pub use precision::Precision;
pub use scene_classifier::{SceneClasses, SceneClassifier, SceneClassifierConfig, ScenePrediction};
pub use taming::{TamingLoaded, load_taming};
pub use tokenizer::{Encoded, ImageTokenizer, Reconstruction};
