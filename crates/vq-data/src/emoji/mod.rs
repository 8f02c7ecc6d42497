//! Noto Color Emoji: the bitmaps of the font, with Unicode's names.

mod archive;
mod caption;
mod contents;
mod entry;
mod family;
mod provenance;
mod set;
mod split;

#[cfg(feature = "remake")]
pub(crate) use archive::{IMAGES, INDEX, LICENSES, PROVENANCE};
pub use caption::caption_of;
pub use entry::Emoji;
#[cfg(feature = "remake")]
pub(crate) use entry::{HEIGHT, WIDTH};
pub use family::family_of;
pub use provenance::{EmojiProvenance, SourceFile};
pub use set::EmojiSet;
pub use split::EmojiSplit;
