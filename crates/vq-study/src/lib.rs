//! Evaluation of trained tokenizers and generators, studies of several methods, and codes read as words.
//!
//! | type | what it does |
//! |---|---|
//! | [`EvaluationRequest`] | measures a tokenizer on a validation set, and records what decides the figures |
//! | [`EvaluationDiff`] | sets evaluations side by side, unless they were made under other conditions |
//! | [`TextToImageRequest`] | measures a generator on the captions of scenes |
//! | [`Study`] | trains methods with several seeds, evaluates all alike, and makes their table and page |
//! | [`CodeSurvey`], [`CodeWords`], [`TextSearch`], [`EditedIds`] | codes as words: where, how often, and edited |
//!
//! ```no_run
//! use tch::Device;
//! use vq_pipeline::Checkpoint;
//! use vq_study::EvaluationRequest;
//!
//! # fn main() -> Result<(), vq_study::StudyError> {
//! let checkpoint = Checkpoint::open("runs/scenes-vqct-vlt-001".as_ref())?;
//! let evaluated = EvaluationRequest::new(Device::Cpu).run(&checkpoint)?;
//! println!("PSNR {:.2} dB", evaluated.evaluation.image_metric("psnr"));
//! # Ok(())
//! # }
//! ```

mod error;
mod evaluation;
mod study;
mod text_to_image;
mod words;

pub use error::StudyError;
pub use evaluation::{
    Difference, DistanceFigures, DistancesConfig, Evaluated, EvaluatedData, EvaluatedTokenizer, Evaluation,
    EvaluationConditions, EvaluationDiff, EvaluationPage, EvaluationRequest, GroundingFigures, InceptionFigures,
    LanguageFigures, ShownImage, ShownImages, TranslationFigures,
};
pub use study::{Job, JobState, MethodConfig, Spread, Study, StudyConfig, StudyPage, StudyRow, StudyRun, StudyTable};
pub use text_to_image::{
    GeneratedScene, SceneFigures, TextToImage, TextToImageConditions, TextToImageRequest, TextToImageResult,
};
pub use words::{
    CodeSurvey, CodeWord, CodeWords, EditedIds, InspectionPage, Patch, SearchBy, SurveyedImage, TextSearch, WordHeat,
    WordReplacement, WordUse,
};

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
