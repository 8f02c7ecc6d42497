//! Builds codebooks of words from captions and a language model (VQCT section 3.1).
//!
//! The steps: a [`Corpus`] streams captions to a [`LexiconBuilder`], which tokenizes and tags them and counts words and
//! adjective-noun pairs into a [`Lexicon`]; the [`BuildInputs`] apply a
//! [`CaptionRecipe`](codebook_prior::CaptionRecipe), whose filter keeps words of visible things; and a [`TextEmbedder`]
//! computes the vectors of the kept words. The result is a [`PriorGraph`](codebook_prior::PriorGraph), and the reason
//! for every word.
//!
//! ```
//! use std::sync::Arc;
//!
//! use codebook_prior::{CaptionRecipe, Lemmas, LexiconOptions, Tagger, VisionFilter, WordNetTagger};
//! use prior_builder::{
//!     BuildError, BuildInputs, CorpusCaption, EmbedderDescription, LexiconBuilder, Location, Term, TextEmbedder,
//! };
//!
//! /// The vector of a word is its length.
//! struct Length;
//!
//! impl TextEmbedder for Length {
//!     fn description(&self) -> EmbedderDescription {
//!         EmbedderDescription { embedding_dim: 1, summary: "length".into(), embedding: None, sources: Vec::new() }
//!     }
//!
//!     fn embed(&self, terms: &[Term<'_>]) -> Result<Vec<f32>, BuildError> {
//!         Ok(terms.iter().map(|term| term.text.len() as f32).collect())
//!     }
//! }
//!
//! # fn main() -> Result<(), BuildError> {
//! let file = Arc::from(std::path::Path::new("captions"));
//! let caption = |text: &str| CorpusCaption { text: text.into(), file: Arc::clone(&file), location: Location::Line(1)
//! }; let lemmas = Lemmas::embedded()?; let tagger = WordNetTagger::new(lemmas.clone())?; let mut builder =
//! LexiconBuilder::new(&tagger, &lemmas, LexiconOptions::default()); builder.add(&[caption("a red apple"), caption("a
//! small red bird")]);
//!
//! let lexicon = builder.finish();
//! let inputs = BuildInputs {
//!     lexicon: &lexicon,
//!     tagger: tagger.name(),
//!     trusted: None,
//!     corpora: &[],
//!     wordnet: None,
//!     filter_embedder: &Length,
//!     embedder: &Length,
//! };
//! let filter = VisionFilter { adjective_count: 1, noun_count: 1, ..VisionFilter::default() };
//! let prior = inputs.build(&CaptionRecipe { filter, ..CaptionRecipe::default() })?.prior;
//! let words: Vec<&str> = prior.words().iter().map(|word| word.text.as_str()).collect();
//! assert_eq!(words, ["red", "small", "apple", "bird"]);
//! assert_eq!(prior.edges().len(), 2); // red apple, red bird
//! # Ok(())
//! # }
//! ```
//!
//! | What | Where |
//! |---|---|
//! | captions on disk | [`Corpus`], [`CorpusFormat`], [`CorpusReport`] |
//! | words and pairs | [`LexiconBuilder`], [`Lexicon`] |
//! | WordNet's senses and words | [`WordNet`], [`read_lemmas`] |
//! | a tagger with a trained model | `StatisticalTagger` |
//! | which words are kept, and why | [`WordFilter`], [`Reason`] |
//! | vectors | [`TextEmbedder`], `EmbeddingTable`, `TextEncoder`, [`RefiningEmbedder`] |
//! | the prior | [`BuildInputs::build`] |
//!
//! # Letters
//! K words, W numbers per word vector, T terms, V tokens of a language model, B prompts per batch, L tokens per prompt.
//!
//! # Features
//! - `language-model`: vectors from the input embedding of a language model's folder, `EmbeddingTable`.
//! - `encoder`: vectors of prompts through a text encoder on the CPU, `TextEncoder`.
//! - `statistical`: a tagger with a trained model, `StatisticalTagger`.
//! - `remake`: the binary `remake-lemmas`, which packs the WordNet words of `codebook-prior` again, byte for byte, and
//!   `tagger-report` and `lexicon-report`, which measure. `vqct prior build` builds the default prior.

mod caption_prior;
mod corpus;
mod embedder;
#[cfg(feature = "language-model")]
mod embedding_table;
mod error;
mod filter_reason;
mod lexicon;
#[cfg(feature = "language-model")]
mod model;
mod refining_embedder;
#[cfg(feature = "statistical")]
mod statistical_tagger;
#[cfg(feature = "encoder")]
mod text_encoder;
mod text_file;
mod word_filter;
mod wordnet;
mod wordnet_lemmas;
mod wordnet_lines;

pub use caption_prior::{BuildInputs, CaptionPrior, ReadCorpus, WordDecision};
pub use corpus::{Corpus, CorpusCaption, CorpusFormat, CorpusReport, Location, MalformedCaption, Strictness};
pub use embedder::{EmbedderDescription, Term, TextEmbedder};
#[cfg(feature = "language-model")]
pub use embedding_table::{EmbeddingTable, EmbeddingTableConfig};
pub use error::BuildError;
pub use filter_reason::{NearestSeed, Reason};
pub use lexicon::{Lexicon, LexiconBuilder, LexiconChoice, LexiconEntry, LexiconPair};
pub use refining_embedder::RefiningEmbedder;
#[cfg(feature = "statistical")]
pub use statistical_tagger::StatisticalTagger;
#[cfg(feature = "encoder")]
pub use text_encoder::{TextEncoder, TextEncoderConfig};
pub use word_filter::WordFilter;
pub use wordnet::{Dictionary, Sense, WordNet};
pub use wordnet_lemmas::read_lemmas;
