//! A tagger with a trained model.

use std::sync::Arc;

use codebook_prior::{Lemmas, Tag, TagCandidate, Tagger, WordNetTagger};
use harper_brill::{BrillTagger, FreqDict, Tagger as _, UPOS, brill_tagger};

use crate::error::BuildError;

/// A tagger with the trained model of `harper-brill` (Brill 1995; trained on Universal Dependencies). Its predictions
/// multiply the weights of [`WordNetTagger`], which has WordNet's counts and a grammar.
///
/// The model has the most frequent class of each word and rules of context. It does not distinguish plurals, ignores
/// capitals, and predicts nothing for words that its corpus lacks (`petals`, `stamen`, `surfboard`).
#[derive(Clone)]
pub struct StatisticalTagger {
    wordnet: WordNetTagger,
    model: Arc<BrillTagger<FreqDict>>,
}

/// The factor on the weights of tags that agree with the model's class.
const TRUST: f32 = 15.0;
/// The same for words whose tags are listed by hand: in captions, `tan` is a colour.
const TRUST_LISTED: f32 = 3.0;

impl StatisticalTagger {
    /// The trained model over the words of a [`WordNetTagger`].
    ///
    /// # Errors
    /// Those of [`WordNetTagger::new`].
    pub fn new(lemmas: Lemmas) -> Result<Self, BuildError> {
        Ok(Self { wordnet: WordNetTagger::new(lemmas)?, model: brill_tagger() })
    }

    /// The model's class of each of `words`, if it has one.
    fn model_classes(&self, words: &[&str]) -> Vec<Option<UPOS>> {
        // The model was trained on unsplit contractions.
        let mut pieces: Vec<String> = Vec::with_capacity(words.len());
        let mut piece_of = Vec::with_capacity(words.len());
        for word in words {
            match pieces.last_mut() {
                Some(last) if matches!(*word, "n't" | "'ll" | "'ve" | "'re" | "'d" | "'m" | "'s") => {
                    last.push_str(word);
                    piece_of.push(None);
                }
                _ => {
                    piece_of.push(Some(pieces.len()));
                    pieces.push((*word).to_owned());
                }
            }
        }
        let classes = self.model.tag_sentence(&pieces);
        piece_of.into_iter().map(|piece| classes.get(piece?).copied().flatten()).collect()
    }
}

/// Whether a tag belongs to one of the model's classes.
fn agrees(class: UPOS, tag: Tag) -> bool {
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

/// Whether names have more than half of a word's weight.
fn is_likely_name(candidates: &[TagCandidate]) -> bool {
    let all: f32 = candidates.iter().map(|candidate| candidate.weight).sum();
    let names = candidates.iter().filter(|candidate| matches!(candidate.tag, Tag::Name | Tag::NamePlural));
    names.map(|candidate| candidate.weight).sum::<f32>() > 0.5 * all
}

impl Tagger for StatisticalTagger {
    fn tag(&self, words: &[&str], tags: &mut Vec<Tag>) {
        let classes = self.model_classes(words);
        self.wordnet.tag_reweighted(words, tags, |at, candidates| {
            let Some(class) = classes.get(at).copied().flatten() else { return };
            // The model ignores capitals, so its class is not used where a capital indicates a name.
            if is_likely_name(candidates) {
                return;
            }
            let trust = if self.wordnet.is_listed(words[at]) { TRUST_LISTED } else { TRUST };
            for candidate in candidates.iter_mut().filter(|candidate| agrees(class, candidate.tag)) {
                candidate.weight *= trust;
            }
        });
    }

    fn name(&self) -> &'static str {
        "harper-brill 3, WordNet's counts and a grammar by hand"
    }
}
