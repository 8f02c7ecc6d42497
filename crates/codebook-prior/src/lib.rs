//! Codebooks of words: part-of-speech lexicon, adjective-noun graph and language-model embeddings (VQCT section 3.1).
//!
//! A [`PriorGraph`] is the language half of a tokenizer whose codes are words: which words, how they go together, and
//! where a language model puts them. It is plain data: no tensor library is needed to read one.
//!
//! ```
//! # #[cfg(feature = "embedded")] {
//! use codebook_prior::{PartOfSpeech, PriorGraph};
//!
//! let prior = PriorGraph::embedded()?.cut(512, 1024)?;
//! assert_eq!((prior.len(), prior.width()), (1536, 384));
//! assert!(prior.nouns().contains(&prior.find("apple", PartOfSpeech::Noun).expect("apples are common")));
//! # }
//! # Ok::<(), codebook_prior::PriorError>(())
//! ```
//!
//! # Letters
//! A adjectives, N nouns, K = A + N words (nodes: adjectives `0..A`, nouns `A..K`), E edges, W width of a word vector,
//! T texts, V tokens of a language model.
//!
//! # Features
//! - `embedded` (default): the default prior and WordNet's words, linked into the binary.
//! - `language-model`: vectors from a language model's folder, `EmbeddingTable`, and their refinement.
//! - `encoder`: vectors of prompts through a text encoder, `TextEncoder`; on the CPU.
//! - `statistical`: a tagger with a trained model, `StatisticalTagger`.
//! - `remake`: the binary `remake-lemmas`, which makes WordNet's words again, byte for byte, and `tagger-report` and
//!   `lexicon-report`, which measure. The default prior is made by `vqct prior build`.

mod caption_prior;
mod caption_words;
mod connections;
mod corpus;
mod diff;
mod embedder;
mod embedding;
#[cfg(feature = "language-model")]
mod embedding_table;
mod error;
mod file;
mod graph;
mod lemmas;
mod lexicon;
mod map;
mod merge;
#[cfg(feature = "language-model")]
mod model_config;
mod morphy;
mod noun_lemma;
mod pooling;
mod prompts;
mod provenance;
#[cfg(feature = "refinement")]
mod refine;
mod refinement;
mod tag;
mod tagger;
#[cfg(feature = "encoder")]
mod text_encoder;
mod text_file;
mod tokenize;
mod vectors;
mod vision_filter;
#[cfg(feature = "language-model")]
mod weights;
mod word;
mod word_class;
#[cfg(feature = "language-model")]
mod word_tokenizer;
mod wordnet;

pub use caption_prior::{
    CaptionPrior, CaptionRecipe, Captions, CorpusUse, First, Homographs, JudgedWord, Material, ReadCorpus,
};
pub use caption_words::CaptionWords;
pub use connections::{Components, Neighbour, Similar};
pub use corpus::{Caption, Corpus, CorpusFormat, CorpusReport, Malformed, Place, Strictness};
pub use diff::{EdgeDiff, PriorDiff, SharedWord};
pub use embedder::{EmbedderDescription, Term, TextEmbedder};
pub use embedding::{Embedding, EmbeddingMethod};
#[cfg(feature = "language-model")]
pub use embedding_table::{EmbeddingTable, TableConfig};
pub use error::PriorError;
pub use graph::{Edge, PriorGraph, PriorParts};
pub use lemmas::{Lemma, Lemmas};
pub use lexicon::{
    Chains, Lexicon, LexiconBuilder, LexiconChoice, LexiconEntry, LexiconOptions, LexiconOrder, LexiconPair, Multiword,
};
pub use morphy::Morphy;
pub use noun_lemma::noun_lemma;
pub use pooling::{Pooling, SentencePooling, WordPlace};
pub use prompts::Prompts;
pub use provenance::{Cut, Provenance, Source};
#[cfg(feature = "refinement")]
pub use refine::{Refined, Refining};
pub use refinement::{Refinement, Scale};
pub use tag::Tag;
#[cfg(feature = "statistical")]
pub use tagger::StatisticalTagger;
pub use tagger::{Tagger, WordNetTagger};
#[cfg(feature = "encoder")]
pub use text_encoder::{EncoderConfig, TextEncoder};
pub use tokenize::tokenize;
pub use vectors::{Precision, Vectors};
pub use vision_filter::{Nearest, Reason, Seeds, UnknownWords, VisionFilter, Writing};
pub use word::{PartOfSpeech, Word};
pub use word_class::WordClass;
pub use wordnet::{Dictionary, Sense, Spelling, WordNet};
