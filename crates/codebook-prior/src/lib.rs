//! Codebooks of words: which words, how they go together, and where a language model places them (VQCT section 3.1).
//!
//! A [`PriorGraph`] holds adjectives and nouns, weighted adjective-noun edges, and one embedding per word. It is the
//! language part of an image tokenizer whose codes are words. It is plain data: reading one needs no tensor library.
//!
//! ```
//! # #[cfg(feature = "embedded")] {
//! use codebook_prior::{PartOfSpeech, PriorGraph};
//!
//! let prior = PriorGraph::embedded()?.cut(512, 1024)?;
//! assert_eq!((prior.len(), prior.embedding_dim()), (1536, 384));
//!
//! let apple = prior.find("apple", PartOfSpeech::Noun).expect("the prior has apples");
//! let strongest = prior.neighbours(apple)[0];
//! assert_eq!(prior.words()[strongest.node].part_of_speech, PartOfSpeech::Adjective);
//! # }
//! # Ok::<(), codebook_prior::PriorError>(())
//! ```
//!
//! | What | Where |
//! |---|---|
//! | words, edges, vectors | [`PriorGraph`], made of [`PriorParts`] |
//! | its file | [`PriorGraph::open`], [`PriorGraph::save`] |
//! | a smaller codebook | [`PriorGraph::cut`] |
//! | neighbours, components | [`PriorGraph::neighbours`], [`PriorGraph::components`] |
//! | similar words | [`PriorGraph::similar`] |
//! | two priors | [`PriorGraph::diff`], [`PriorGraph::merge`] |
//! | centred or whitened vectors | [`Refinement`], `PriorGraph::refined` |
//! | where a prior comes from | [`Provenance`] with [`CaptionRecipe`] |
//! | the prior's words in captions | [`CaptionWords`] |
//! | tokens, tags and base forms | [`tokenize`], [`Tagger`], [`WordNetTagger`], [`Lemmas`], [`noun_lemma`] |
//!
//! The crate `prior-builder` builds priors from captions and a language model.
//!
//! # Letters
//! A adjectives, N nouns, K = A + N words (nodes: adjectives `0..A`, nouns `A..K`), E edges, W numbers per word vector
//! (embedding dimension).
//!
//! # Features
//! - `embedded` (default): the default prior and WordNet's words, linked into the binary.
//! - `refinement`: computes a [`Refinement`].

mod caption_words;
mod connections;
mod diff;
mod error;
mod file;
mod graph;
mod merge;
mod provenance;
#[cfg(feature = "refinement")]
mod refine;
mod refinement;
mod text;
mod vectors;
mod word;
mod wordnet_tagger;

pub use caption_words::CaptionWords;
pub use connections::{Components, Neighbour, Similar, cosine};
pub use diff::{EdgeDiff, PriorDiff, SharedWord};
pub use error::PriorError;
pub use graph::{Edge, PriorGraph, PriorParts};
pub use provenance::{
    CaptionProvenance, CaptionRecipe, Chains, CorpusUse, Cut, EmbeddingMethod, EmbeddingProvenance, Homographs,
    LexiconOptions, LexiconOrder, LimitPriority, Multiword, Prompts, Provenance, Seeds, SentencePooling, Source,
    SubwordPooling, UnknownWords, VisionFilter, WordContext, Writing,
};
#[cfg(feature = "refinement")]
pub use refine::Refined;
pub use refinement::{Refinement, Scale};
pub use text::{Lemma, Lemmas, Morphy, Spelling, Tag, Tagger, WordClass, noun_lemma, tokenize};
pub use vectors::{VectorDtype, Vectors};
pub use word::{PartOfSpeech, Word};
pub use wordnet_tagger::{TagCandidate, WordNetTagger};
