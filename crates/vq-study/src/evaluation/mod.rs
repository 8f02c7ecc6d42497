//! A trained tokenizer, measured on a validation set: figures, and all that decides them.

mod conditions;
mod diff;
mod distances;
mod figures;
mod format;
mod grounding;
mod language;
mod leaves;
mod page;
mod request;

pub use conditions::{EvaluatedData, EvaluatedTokenizer, EvaluationConditions};
pub use diff::{Difference, EvaluationDiff};
pub use distances::{DistanceFigures, DistancesConfig, InceptionFigures};
pub use format::Evaluation;
pub use grounding::GroundingFigures;
pub use language::{LanguageFigures, TranslationFigures};
pub use page::EvaluationPage;
pub use request::{Evaluated, EvaluationRequest, ShownImage, ShownImages};
