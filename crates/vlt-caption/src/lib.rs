//! Image captions from visual codes: a reconstruction of VQCT-VLT's vision-to-language translation.
//!
//! VQCT-VLT (IEEE TPAMI) supervises a codebook with captions: a module translates the codes of an image to its caption,
//! and the gradient of its loss reaches the codes, and through them the codebook and the image encoder.
//! Only the abstract of that paper is public, so the module here is a reconstruction: a transformer reads the quantized
//! codes of all positions and predicts the caption in the tokens of a language model, whose embeddings stay frozen.
//! At inference, the same module captions an image from its codes alone.
//!
//! | item | what it is |
//! |---|---|
//! | [`CaptionDecoder`], [`CaptionConfig`] | the translation module: encodes codes, scores and loss of captions |
//! | [`Captioner`] | decoding: greedy, beam search, sampling |
//! | [`CaptionLossTerm`], [`sum_caption_terms`] | a weighted loss term; the sum of several |
//! | [`Translation`] | the term of VQCT-VLT: cross-entropy of captions |
//! | [`GlobalAlignment`], [`MaskedText`], [`RelationAlignment`] | the three terms of LG-VQ (NeurIPS 2024) |
//! | [`WordSupervision`] | a term of our own: captions name codes |
//! | [`TokenMap`], [`CaptionBatch`] | the vocabulary of captions; captions as tensors |
//! | `Language`, `TokenVocabulary` | a language model's tokenizer and embeddings (feature `tokenizer`) |
//!
//! ```
//! use tch::{Device, Kind, Tensor, nn};
//! use vlt_caption::{CaptionBatch, CaptionConfig, CaptionDecoder, Captioner, SpecialTokens};
//! use vq_core::Mode;
//!
//! # fn main() -> Result<(), vlt_caption::CaptionError> {
//! let float = (Kind::Float, Device::Cpu);
//! let embeddings = Tensor::randn([12, 5], float); // [V, E]
//! let config = CaptionConfig { width: 8, heads: 2, layers: 1, ..Default::default() };
//! let store = nn::VarStore::new(Device::Cpu);
//! let decoder = CaptionDecoder::new(&store.root(), 6, &config, &embeddings)?;
//!
//! let codes = Tensor::randn([2, 6, 4, 4], float); // [B, C, H, W]
//! let batch = CaptionBatch {
//!     ids: Tensor::from_slice(&[0_i64, 4, 5, 1, 0, 6, 1, 2]).view([2, 4]), // [B, T]
//!     lengths: Tensor::from_slice(&[4_i64, 3]),
//! };
//! decoder.loss(&codes, &batch, Mode::Train)?.loss.backward();
//!
//! let special = SpecialTokens { begin: 0, end: 1, pad: 2, unknown: Some(3) };
//! let memory = decoder.encode(&codes, Mode::Eval)?;
//! let captions = Captioner::new(&decoder, special, 10)?.greedy(&memory)?;
//! assert_eq!(captions.len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! - `tokenizer`: vocabularies from a language model's `tokenizer.json`.
//! - `embedded`: the default language, linked into the binary.
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | images in a batch, each with one caption |
//! | `C` | channels of the codes |
//! | `H`, `W` | rows and columns of the token grid |
//! | `P` | positions, `H * W` |
//! | `T` | tokens of the longest caption, including the begin and end tokens |
//! | `V` | tokens of the vocabulary |
//! | `E` | width of the language model's embeddings |
//! | `M` | width of the module |
//! | `A` | heads of an attention |
//! | `R` | captions that are decoded side by side for an image, as in beam search |
//! | `K` | codes in a codebook |
//! | `D` | width of a code |
//! | `N` | the largest number of codes that a caption names |

mod batch;
mod beam;
mod cache;
mod caption;
mod captioner;
mod code_encoder;
mod config;
mod decoder;
mod error;
mod global_alignment;
mod greedy;
#[cfg(feature = "tokenizer")]
mod language;
mod loss;
mod masked_text;
mod memory;
mod neighbourhood;
mod normalize;
mod relation_alignment;
mod sampling;
mod term;
mod text_vectors;
mod token_map;
mod token_table;
mod translation;
#[cfg(feature = "tokenizer")]
mod vocabulary;
mod word_supervision;

pub use batch::CaptionBatch;
pub use beam::BeamConfig;
pub use cache::DecodingCache;
pub use caption::{Caption, CaptionEnd, SpecialTokens};
pub use captioner::Captioner;
pub use config::CaptionConfig;
pub use decoder::CaptionDecoder;
pub use error::CaptionError;
pub use global_alignment::{GlobalAlignment, GlobalAlignmentConfig};
#[cfg(feature = "tokenizer")]
pub use language::{Language, LanguageAbout};
pub use loss::CaptionLoss;
pub use masked_text::{MaskedText, MaskedTextConfig};
pub use memory::Memory;
pub use relation_alignment::{RelationAlignment, RelationAlignmentConfig};
pub use term::{CaptionLossInputs, CaptionLossTerm, CaptionLossTotal, CaptionTermLoss, TermFigure, sum_caption_terms};
pub use token_map::TokenMap;
pub use translation::Translation;
#[cfg(feature = "tokenizer")]
pub use vocabulary::{SpecialNames, TokenSelection, TokenVocabulary};
pub use vq_nn::{InputError, SampleConfig};
pub use word_supervision::{FindCodes, TargetCodes, WordSupervision, WordSupervisionConfig};
