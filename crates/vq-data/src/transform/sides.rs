use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What a flip does to an image whose caption says `left` or `right`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// Such an image is not flipped.
    #[default]
    Keep,
    /// It is flipped, and the caption has `right` for `left` and `left` for `right`.
    Swap,
    /// It is flipped, and its caption stays, which is then wrong.
    Ignore,
}

impl Sides {
    /// Whether a flip may happen to an image with this caption.
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

/// Runs of letters and digits, and runs of other characters, in turn; together they are the text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let kind = rest.chars().next()?.is_alphanumeric();
        let end = rest.find(|letter: char| letter.is_alphanumeric() != kind).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// The word for the other side, if this one names a side, written as this one is.
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
