//! What the transformers of this workspace share: layers, frozen embeddings of a language model, draws by a seed.
//!
//! # Letters used in shapes
//!
//! | letter | meaning |
//! |---|---|
//! | `B` | rows of a batch |
//! | `M` | width of the module |
//! | `V` | tokens of a vocabulary |
//! | `E` | width of the language model's embeddings |

mod draw;
mod error;
mod frozen;
mod laid;
mod layers;
mod uniform;

pub use draw::{Drawn, SampleConfig};
pub use error::{InputError, check_kind, check_option, check_range};
pub use frozen::FrozenEmbeddings;
pub use laid::LaidLinear;
pub use layers::{Dropout, Linear, Norm, Perceptron};
pub use uniform::Uniform;
