//! The interface of part-of-speech taggers.

use super::tag::Tag;

/// Finds the part of speech of each word of a sentence.
///
/// Tagging does not change the tagger, so that threads may share one.
pub trait Tagger: Sync {
    /// Replaces the content of `tags` by one tag for each of `words`, which have the capitals of the text.
    fn tag(&self, words: &[&str], tags: &mut Vec<Tag>);

    /// The name of the tagger in a prior's provenance.
    fn name(&self) -> &'static str;
}
