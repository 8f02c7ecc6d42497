//! Captions that name a side, and flips.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What a flip does to an image whose caption contains `left` or `right`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// The image is not flipped.
    #[default]
    Keep,
    /// The image is flipped, and its caption has `right` for `left` and `left` for `right`.
    Swap,
    /// The image is flipped and its caption is kept, which is then wrong.
    Ignore,
}

impl Sides {
    /// Whether an image with this caption may be flipped.
    pub(super) fn allow(self, caption: Option<&str>) -> bool {
        self != Self::Keep || !caption.is_some_and(|caption| words(caption).any(|word| mirrored(word).is_some()))
    }

    /// The caption of a flipped image.
    pub(super) fn flipped(self, caption: &str) -> Cow<'_, str> {
        if self != Self::Swap || words(caption).all(|word| mirrored(word).is_none()) {
            return Cow::Borrowed(caption);
        }
        words(caption).map(|word| mirrored(word).unwrap_or_else(|| word.to_owned())).collect::<String>().into()
    }
}

/// Splits a text into runs of letters and digits and runs of other characters.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_word = rest.chars().next()?.is_alphanumeric();
        let end = rest.find(|letter: char| letter.is_alphanumeric() != is_word).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// The word for the other side in the same capitalization, if this word names a side.
fn mirrored(word: &str) -> Option<String> {
    let (_, other) =
        [("left", "right"), ("right", "left")].into_iter().find(|(side, _)| side.eq_ignore_ascii_case(word))?;
    let mut letters = word.chars();
    let (first, second) = (letters.next()?, letters.next()?);
    Some(match (first.is_uppercase(), second.is_uppercase()) {
        (true, true) => other.to_uppercase(),
        (true, false) => other[..1].to_uppercase() + &other[1..],
        (false, _) => other.to_owned(),
    })
}
