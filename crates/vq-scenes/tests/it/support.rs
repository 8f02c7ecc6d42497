use std::sync::LazyLock;

use vq_data::{DataError, ImageSource};
use vq_scenes::{EmojiScenes, SceneConfig, SceneSplit};

pub(crate) const SPLITS: [SceneSplit; 3] = [SceneSplit::Train, SceneSplit::Validation, SceneSplit::HeldOut];

/// Height and width of the scenes in tests.
pub(crate) const SIZE: u32 = 64;

/// The sprites are made once for all tests.
pub(crate) static WORLD: LazyLock<EmojiScenes> = LazyLock::new(|| EmojiScenes::new(SceneConfig::new(SIZE)).unwrap());

pub(crate) fn world(split: SceneSplit) -> EmojiScenes {
    WORLD.part(split, WORLD.len())
}

/// Asserts that an error message contains all of these.
#[track_caller]
pub(crate) fn check_error(error: &DataError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
}
