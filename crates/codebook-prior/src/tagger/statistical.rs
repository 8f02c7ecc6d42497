use std::sync::Arc;

use harper_brill::{BrillTagger, FreqDict, Tagger as _, UPOS, brill_tagger};

use super::grammar::Candidate;
use super::{Tagger, WordNetTagger};
use crate::{PriorError, Tag};

/// A tagger with a trained model: that of `harper-brill` (Brill 1995; trained on Universal Dependencies), whose word is
/// weighed against WordNet's counts and the grammar of [`WordNetTagger`].
///
/// The model knows a word's most frequent class and rules of context, but neither plurals nor names by their capital, and
/// says nothing of words that its corpus lacks (`petals`, `stamen`, `surfboard`).
#[derive(Clone)]
pub struct StatisticalTagger {
    wordnet: WordNetTagger,
    model: Arc<BrillTagger<FreqDict>>,
}

/// How much likelier the model's word makes the tags that it allows.
const TRUST: f32 = 15.0;
/// The same for words that are listed by hand with their shares: captions' `tan` is a colour.
const TRUST_LISTED: f32 = 3.0;

impl StatisticalTagger {
    /// The trained model over the same words as [`WordNetTagger`].
    ///
    /// # Errors
    /// As [`WordNetTagger::new`].
    pub fn new(lemmas: crate::Lemmas) -> Result<Self, PriorError> {
        Ok(Self { wordnet: WordNetTagger::new(lemmas)?, model: brill_tagger() })
    }

    /// The model's word for each of `words`.
    fn model_tags(&self, words: &[&str]) -> Vec<Option<UPOS>> {
        // The model was trained with contractions in one piece.
        let mut pieces: Vec<String> = Vec::with_capacity(words.len());
        let mut places = Vec::with_capacity(words.len());
        for word in words {
            match pieces.last_mut() {
                Some(last) if matches!(*word, "n't" | "'ll" | "'ve" | "'re" | "'d" | "'m" | "'s") => {
                    last.push_str(word);
                    places.push(None);
                }
                _ => {
                    places.push(Some(pieces.len()));
                    pieces.push((*word).to_owned());
                }
            }
        }
        let tags = self.model.tag_sentence(&pieces);
        places.into_iter().map(|place| tags.get(place?).copied().flatten()).collect()
    }
}

/// Whether the model's class holds the tag.
fn allows(class: UPOS, tag: Tag) -> bool {
    match class {
        UPOS::NOUN | UPOS::PROPN => tag.is_noun(),
        UPOS::ADJ => tag.is_adjective(),
        UPOS::VERB => {
            matches!(tag, Tag::Verb | Tag::VerbPresent | Tag::VerbThird | Tag::VerbPast | Tag::Participle | Tag::Gerund)
        }
        UPOS::ADV => matches!(tag, Tag::Adverb | Tag::Wh | Tag::Particle),
        UPOS::ADP => matches!(tag, Tag::Preposition | Tag::Particle | Tag::To),
        UPOS::AUX => matches!(tag, Tag::Modal | Tag::VerbPresent | Tag::VerbThird | Tag::VerbPast | Tag::Verb),
        UPOS::DET => matches!(tag, Tag::Determiner | Tag::Wh),
        UPOS::PRON => matches!(tag, Tag::Pronoun | Tag::Possessive | Tag::Wh | Tag::Existential),
        UPOS::NUM => tag == Tag::Number,
        UPOS::PART => matches!(tag, Tag::To | Tag::Adverb | Tag::PossessiveEnding),
        UPOS::SCONJ => matches!(tag, Tag::Preposition | Tag::Wh),
        UPOS::CCONJ => tag == Tag::Conjunction,
        UPOS::INTJ => tag == Tag::Interjection,
        UPOS::PUNCT | UPOS::SYM => tag == Tag::Punctuation,
    }
}

/// Whether names have most of a word's weight.
fn names_lead(candidates: &[Candidate]) -> bool {
    let all: f32 = candidates.iter().map(|candidate| candidate.weight).sum();
    let names = candidates.iter().filter(|candidate| matches!(candidate.tag, Tag::Name | Tag::NamePlural));
    names.map(|candidate| candidate.weight).sum::<f32>() > 0.5 * all
}

impl Tagger for StatisticalTagger {
    fn tag(&self, words: &[&str], tags: &mut Vec<Tag>) {
        let model = self.model_tags(words);
        self.wordnet.tag_with(words, tags, |at, lattice| {
            let Some(class) = model.get(at).copied().flatten() else { return };
            // The model does not see capitals: where one speaks for a name, what it says counts for nothing.
            if names_lead(lattice.current()) {
                return;
            }
            let trust = if self.wordnet.lists(words[at]) { TRUST_LISTED } else { TRUST };
            for candidate in lattice.current().iter_mut().filter(|candidate| allows(class, candidate.tag)) {
                candidate.weight *= trust;
            }
        });
    }

    fn name(&self) -> &'static str {
        "harper-brill 3, WordNet's counts and a grammar by hand"
    }
}
