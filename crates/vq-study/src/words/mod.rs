//! Codes as words: where a word is chosen, how near it is elsewhere, which images have it, and replacing it.
//!
//! Nearness is by squared distance, which chooses codes by default (`matching.distance = "l2"`). If codes are chosen by
//! cosine, heat maps and searches by words show what is near and not what was chosen.

mod code_words;
mod edit;
mod nearness;
mod page;
mod search;
mod survey;

pub use code_words::{CodeWord, CodeWords};
pub use edit::{EditedIds, WordReplacement};
pub(crate) use nearness::Nearness;
pub use page::InspectionPage;
pub use search::{SearchBy, TextSearch};
pub use survey::{CodeSurvey, Patch, SurveyedImage, WordHeat, WordUse};
