//! Scores of captions against references, equal to those of pycocoevalcap 1.2 except METEOR.
//!
//! A caption is a list of words; [`caption_words`] splits a text as the published figures do.
//! Words are compared letter by letter, so their case matters.

mod alignment;
mod bleu;
mod caption_words;
mod cider;
mod meteor;
mod rouge;
mod scores;
mod synonyms;
mod word_runs;

pub use bleu::{Bleu, BleuScores};
pub use caption_words::caption_words;
pub use cider::{CiderD, DocumentFrequencies, FrequencyTable};
pub use meteor::{Meteor, MeteorConfig};
pub use rouge::RougeL;
pub use scores::{CaptionMetrics, CaptionScores};
pub use synonyms::Synonyms;
