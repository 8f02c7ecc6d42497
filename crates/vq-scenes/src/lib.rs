//! Scenes of emoji: pictures of which everything is known.

mod adjective;
mod backdrop;
mod caption;
mod claims;
mod color;
mod config;
mod draw;
mod grade;
mod nouns;
mod place;
mod plan;
mod scene;
#[cfg(feature = "sheet")]
mod sheet;
mod sprite;
mod truth;
mod world;

pub use adjective::{Adjectives, Size, is_held_out};
pub use backdrop::Backdrop;
pub use caption::{Clause, Length, Link, Opening, Wording};
pub use claims::{CaptionReader, ClaimedGroup, ClaimedRelation, SceneClaims};
pub use color::Color;
pub use config::{SceneConfig, SceneMap, SceneSplit};
pub use grade::{CaptionGrader, SceneGrades, Share};
pub use nouns::{SceneNoun, scene_nouns};
pub use scene::Scene;
#[cfg(feature = "sheet")]
pub use sheet::{SheetLayout, sheet};
pub use truth::{Direction, PixelBox, Relation, SceneGroup, SceneObject, SceneTruth};
pub use world::EmojiScenes;
