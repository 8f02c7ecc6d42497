//! EmojiScenes: an endless world of captioned images whose content is known exactly.
//!
//! A scene shows one to four emoji on a backdrop. Its caption is true, and its ground truth holds every object with
//! box, size, colour, visible share and pixels, and every relation between groups of objects. Scenes need no download,
//! and scene `i` is the same on every machine. The crate does not depend on libtorch.
//!
//! | Item | Purpose |
//! |---|---|
//! | [`EmojiScenes`], [`SceneConfig`] | The world: scene `i`, and an [`ImageSource`](vq_data::ImageSource) for training |
//! | [`Scene`], [`SceneTruth`] | One scene with caption and ground truth |
//! | [`CaptionGrader`], [`SceneGrades`] | Grades generated captions by the ground truth |
//! | [`CaptionParser`], [`SceneClaims`] | Parses captions, true or false |
//! | [`is_held_out`] | Pairs of adjective and noun that training never shows |
//! | [`scene_nouns`], [`Color`], [`Size`], [`Direction`] | The words of captions |
//!
//! # Letters
//!
//! * `S`: height and width of a scene, in pixels.
//!
//! # Example
//!
//! ```
//! use vq_scenes::{CaptionGrader, EmojiScenes, SceneConfig};
//!
//! # fn main() -> Result<(), vq_data::DataError> {
//! let scenes = EmojiScenes::new(SceneConfig::new(64))?;
//! let mut grader = CaptionGrader::new()?;
//! for index in 0..10 {
//!     let scene = scenes.scene(index);
//!     grader.update(&scene.truth, &scene.caption);
//! }
//! let grades = grader.compute();
//! assert_eq!((grades.all_true.hits, grades.all_true.of), (10, 10));
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! * `sheet`: draws scenes with their captions, with the binary `scene-sheet`.

mod adjective;
mod backdrop;
mod color;
mod config;
mod direction;
mod grade;
mod group;
mod layout;
mod nouns;
mod parser;
mod pixel_box;
mod plan;
mod purpose;
mod relation;
mod scene;
#[cfg(feature = "sheet")]
mod sheet;
mod sprite;
mod sprites;
mod stamp;
mod truth;
mod wording;
mod world;

pub use adjective::{Adjectives, Size, is_held_out};
pub use backdrop::Backdrop;
pub use color::Color;
pub use config::{SceneConfig, SceneMap, SceneSplit};
pub use direction::Direction;
pub use grade::{CaptionGrader, SceneGrades, Share};
pub use group::{SceneGroup, SceneObject};
pub use nouns::{SceneNoun, scene_nouns};
pub use parser::{CaptionParser, ClaimedGroup, ClaimedRelation, SceneClaims};
pub use pixel_box::PixelBox;
pub use relation::Relation;
pub use scene::Scene;
#[cfg(feature = "sheet")]
pub use sheet::{SheetLayout, sheet};
pub use truth::SceneTruth;
pub use wording::{Clause, Link, Opening, PhraseLength, Wording};
pub use world::EmojiScenes;
