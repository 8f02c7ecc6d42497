//! What a grammar of neighbours cannot see, put right afterwards.

use super::grammar::Lattice;
use crate::Tag;

/// Makes nouns of adjectives that nothing follows which they could describe: `eats an orange.`, `the red of the apple`.
///
/// The grammar sees two neighbours at a time, so that article, adjective and full stop please it.
pub(super) fn restore_heads(words: &[&str], lattice: &Lattice, tags: &mut [Tag]) {
    for at in 1..tags.len() {
        let head = tags[at] == Tag::Adjective
            && matches!(tags[at - 1], Tag::Determiner | Tag::Possessive)
            && matches!(
                tags.get(at + 1),
                None | Some(Tag::Punctuation | Tag::Preposition | Tag::VerbThird | Tag::VerbPast | Tag::Modal)
            );
        // `a small, red bird`: after a comma the noun may still come.
        let goes_on = words.get(at + 1) == Some(&",");
        if head && !goes_on && lattice.word(at).iter().any(|candidate| candidate.tag == Tag::Noun) {
            tags[at] = Tag::Noun;
        }
    }
}

/// Makes a verb of a noun that ends a joined subject: `a man and a woman walk along the beach`.
///
/// To the grammar, `woman walk` is as good as `dog house`: that the subject is plural lies too far back.
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
            && joined_subject(&tags[..at])
            && !tags[at + 1..].iter().any(|tag| is_finite(*tag))
        {
            tags[at] = Tag::VerbPresent;
        }
    }
}

/// Whether the tags before a word are those of a subject of two, and nothing else has been said yet.
fn joined_subject(tags: &[Tag]) -> bool {
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
