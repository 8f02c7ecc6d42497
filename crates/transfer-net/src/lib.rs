//! The transfer network of VQCT: language-model word embeddings in, visual codes out.
//!
//! A graph network over the words of a [`codebook_prior::PriorGraph`] maps each word's embedding to a code.
//! An adjective and the nouns that it describes are neighbours, so the gradient of one code also moves its neighbours,
//! and no code dies alone (VQCT, CVPR 2024, section 3.1).
//!
//! ```
//! use codebook_prior::{Edge, PartOfSpeech, VectorDtype, PriorGraph, PriorParts, Vectors, Word};
//! use tch::{Device, Kind, nn};
//! use transfer_net::{Architecture, TransferConfig, TransferNet};
//! use vq_core::{Codebook, Mode};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // One adjective, two nouns, one edge; embeddings of width 2.
//! let word = |text: &str, part_of_speech| {
//!     Word { text: text.into(), part_of_speech, count: 9, reason: String::new() }
//! };
//! let prior = PriorGraph::new(PriorParts {
//!     words: vec![
//!         word("red", PartOfSpeech::Adjective),
//!         word("apple", PartOfSpeech::Noun),
//!         word("bird", PartOfSpeech::Noun),
//!     ],
//!     edges: vec![Edge { adjective: 0, noun: 1, weight: 3.0 }],
//!     vectors: Vectors::new(&[0.1, 0.2, 0.4, 0.3, -0.1, 0.1], 2, VectorDtype::F32),
//!     provenance: Default::default(),
//! })?;
//!
//! let architecture = Architecture::Gat { heads: 4 };
//! let config = TransferConfig { architecture, hidden: 8, ..Default::default() };
//! let store = nn::VarStore::new(Device::Cpu);
//! let network = TransferNet::new(&(store.root() / "transfer"), &prior, 2, &config)?;
//! let codes = network.vectors(Mode::Eval);
//! assert_eq!(codes.size(), [3, 2]);
//! codes.get(0).sum(Kind::Float).backward(); // the gradient reaches both layers
//! # Ok(())
//! # }
//! ```
//!
//! | item | purpose |
//! |---|---|
//! | [`TransferNet`], [`TransferConfig`], [`Architecture`] | the codebook and its options |
//! | [`GraphConv`], [`Adjacency`] | graph convolution and its normalized matrix |
//! | [`GraphAttention`], [`IncomingEdges`] | graph attention and the edges that it reads |
//! | [`EdgeSource`], [`FeatureSource`] | ablations: no edges, random edges, random features |
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `K` | words, adjectives first, then nouns |
//! | `E` | entries of the adjacency matrix: both directions of every edge, and the self-loops |
//! | `W` | width of the language model's embeddings |
//! | `D` | width of a code |
//! | `C` | width of a layer's output |

mod adjacency;
mod config;
mod edge;
mod error;
mod graph_attention;
mod graph_conv;
mod incoming_edges;
mod sources;
mod transfer_net;

pub use adjacency::Adjacency;
pub use config::{Architecture, TransferConfig};
pub use edge::WeightedEdge;
pub use error::TransferError;
pub use graph_attention::GraphAttention;
pub use graph_conv::GraphConv;
pub use incoming_edges::IncomingEdges;
pub use sources::{EdgeSource, FeatureSource};
pub use transfer_net::TransferNet;
