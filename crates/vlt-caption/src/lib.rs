//! Captions from visual codes: the vision-to-language translation of VQCT-VLT, rebuilt.
//!
//! VQCT-VLT (IEEE TPAMI) lets captions supervise a codebook through a module that translates the codes of an image to
//! its caption. Only its abstract is public, so the module here is a reconstruction: a transformer reads the quantized
//! codes of all positions and predicts the caption in the tokens of a language model whose embeddings stay frozen.
//! The gradient of its loss reaches the codes, and through them the codebook and the image encoder.
//! At inference the same module captions an image from its codes alone.
//!
//! Beside the translation loss stand optional weighted terms: the three of LG-VQ (NeurIPS 2024), [`GlobalAlignment`],
//! [`MaskedText`] and [`RelationAlignment`], and one of our own, [`WordSupervisionConfig::loss`].
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | images in a batch, each with one caption |
//! | `C` | channels of the codes |
//! | `H`, `W` | rows and columns of the token grid |
//! | `P` | positions, `H * W` |
//! | `T` | tokens of the longest caption, those that begin and end it counted |
//! | `V` | tokens of the vocabulary |
//! | `E` | width of the language model's embeddings |
//! | `M` | width of the module |
//! | `A` | heads of an attention |
//! | `R` | captions that are decoded side by side for an image, as in a beam search |
//! | `K` | codes in a codebook |
//! | `D` | width of a code |
//! | `N` | most codes that a caption's words name |

mod attention;
mod beam;
mod block;
mod cache;
mod caption;
mod captioner;
mod config;
mod decoder;
mod error;
mod global_alignment;
mod greedy;
#[cfg(feature = "tokenizer")]
mod language;
mod loss;
mod masked_text;
mod neighbourhood;
mod relation_alignment;
mod sampling;
mod source;
mod table;
mod token_map;
#[cfg(feature = "tokenizer")]
mod vocabulary;
mod word_supervision;

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
pub use loss::{CaptionBatch, CaptionLoss};
pub use masked_text::{MaskedText, MaskedTextConfig};
pub use relation_alignment::{RelationAlignment, RelationAlignmentConfig};
pub use source::Memory;
pub use token_map::TokenMap;
#[cfg(feature = "tokenizer")]
pub use vocabulary::{SpecialNames, TokenVocabulary, VocabularyExtent};
pub use vq_transformer::{InputError, SampleConfig};
pub use word_supervision::{WantedCodes, WordSupervisionConfig};
