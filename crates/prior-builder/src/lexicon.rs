//! The words of captions, and which adjectives occur before which nouns.

mod builder;
mod choose;
mod counts;
mod phrases;
mod tally;

pub use builder::LexiconBuilder;
pub use choose::LexiconChoice;
pub(crate) use choose::ranked;
pub use counts::{Lexicon, LexiconEntry, LexiconPair};
