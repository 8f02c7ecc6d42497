//! Corrections of errors that a grammar of adjacent tags cannot avoid.

use super::lattice::Lattice;
use crate::text::Tag;

/// Turns adjectives without a following noun into nouns: `eats an orange.`, `the red of the apple`.
///
/// The grammar sees two adjacent tags at a time, so that it accepts article, adjective and full stop.
pub(super) fn restore_heads(words: &[&str], lattice: &Lattice, tags: &mut [Tag]) {
    for at in 1..tags.len() {
        let head = tags[at] == Tag::Adjective
            && matches!(tags[at - 1], Tag::Determiner | Tag::Possessive)
            && matches!(
                tags.get(at + 1),
                None | Some(Tag::Punctuation | Tag::Preposition | Tag::VerbThird | Tag::VerbPast | Tag::Modal)
            );
        // `a small, red bird`: the noun may follow after a comma.
        let continues = words.get(at + 1) == Some(&",");
        if head && !continues && lattice.word(at).iter().any(|candidate| candidate.tag == Tag::Noun) {
            tags[at] = Tag::Noun;
        }
    }
}

/// Turns a noun after a compound subject into a verb: `a man and a woman walk along the beach`.
///
/// To the grammar, `woman walk` looks like `dog house`: what makes the subject plural is too far back.
pub(super) fn restore_verbs(lattice: &Lattice, tags: &mut [Tag]) {
    for at in 2..tags.len() {
        let after = matches!(
            tags.get(at + 1),
            None | Some(
                Tag::Punctuation
                    | Tag::Preposition
                    | Tag::Particle
                    | Tag::Adverb
                    | Tag::Determiner
                    | Tag::Possessive
                    | Tag::To
            )
        );
        let verb = tags[at] == Tag::Noun && tags[at - 1] == Tag::Noun && after;
        if verb
            && lattice.word(at).iter().any(|candidate| candidate.tag == Tag::VerbPresent)
            && is_compound_subject(&tags[..at])
            && !tags[at + 1..].iter().any(|tag| is_finite(*tag))
        {
            tags[at] = Tag::VerbPresent;
        }
    }
}

/// Whether the tags before a word are those of a subject of two noun phrases, and nothing else.
fn is_compound_subject(tags: &[Tag]) -> bool {
    let of_phrase = |tag: &Tag| {
        tag.is_noun() || tag.is_adjective() || matches!(tag, Tag::Determiner | Tag::Number | Tag::Possessive)
    };
    let second = tags.iter().rev().take_while(|tag| of_phrase(tag)).count();
    let Some((Tag::Conjunction, first)) = tags[..tags.len() - second].split_last() else { return false };
    first.last().is_some_and(|tag| tag.is_noun()) && first.iter().all(of_phrase)
}

fn is_finite(tag: Tag) -> bool {
    matches!(tag, Tag::VerbPresent | Tag::VerbThird | Tag::VerbPast | Tag::Modal)
}
