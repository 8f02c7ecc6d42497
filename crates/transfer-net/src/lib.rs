//! The transfer network of VQCT: language-model word embeddings in, visual codes out.
//!
//! A graph network over the words of a [`codebook_prior::PriorGraph`] maps each word's embedding to a code.
//! An adjective and the nouns that it describes are neighbours, so a gradient to one code moves its neighbours too, and
//! no code dies alone (VQCT, CVPR 2024, section 3.1).
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `K` | words, adjectives first, then nouns |
//! | `E` | entries of the adjacency matrix, both directions and self-loops counted |
//! | `W` | width of the language model's embeddings |
//! | `D` | width of a code |

mod ablation;
mod adjacency;
mod error;
mod graph_conv;
mod transfer_net;

pub use ablation::{EdgeSource, VectorSource};
pub use adjacency::{Adjacency, WeightedEdge};
pub use error::TransferError;
pub use graph_conv::GraphConv;
pub use transfer_net::{TransferConfig, TransferNet};
