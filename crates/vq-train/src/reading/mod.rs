//! Codes as words: where a word is chosen, how near it is elsewhere, which images have it, and other words in its place.
//!
//! How near a word is is told by squared distance, by which codes are chosen by default (`matching.distance = "l2"`). Where
//! they are chosen by cosine, maps and searches by words say what is near, and not what was chosen.

mod edit;
mod nearness;
mod page;
mod search;
mod survey;
mod words;

pub use edit::{EditedIds, WordReplacement};
pub(crate) use nearness::Nearness;
pub use page::InspectionPage;
pub use search::{SearchBy, TextSearch};
pub use survey::{CodeSurvey, Patch, SurveyedImage, WordHeat, WordUse};
pub use words::{CodeWord, CodeWords};
