//! Who says which part of speech a word has.

mod closed_class;
mod grammar;
mod guess;
mod repair;
#[cfg(feature = "statistical")]
mod statistical;
mod wordnet;

#[cfg(feature = "statistical")]
pub use statistical::StatisticalTagger;
pub use wordnet::WordNetTagger;

use crate::Tag;

/// Finds the part of speech of each word of a sentence.
///
/// A tagger changes nothing when it tags, so that threads may share one.
pub trait Tagger: Sync {
    /// Replaces `tags` by the tags of `words`, one each, given in the writing of the text.
    fn tag(&self, words: &[&str], tags: &mut Vec<Tag>);

    /// What the provenance calls it.
    fn name(&self) -> &'static str;
}
