//! Base forms of nouns.

use super::lemmas::Lemmas;
use super::tag::Tag;
use super::word_class::WordClass;

/// Plurals without a singular, though WordNet has a word that looks like one (`jean`, `short`).
const PLURAL_ONLY: [&str; 13] = [
    "binoculars",
    "briefs",
    "clothes",
    "glasses",
    "goggles",
    "headphones",
    "jeans",
    "khakis",
    "overalls",
    "panties",
    "shorts",
    "sunglasses",
    "tights",
];

/// The base form of a lower-case noun with the given tag (VQCT section 3.1: nouns are lemmatized).
///
/// A singular is its own base form. A plural has WordNet's base form ([`Morphy`](super::Morphy)); the endings of an
/// unknown plural are replaced by rule. A word to which no rule applies stays as it is.
pub fn noun_lemma(lemmas: &Lemmas, word: &str, tag: Tag) -> String {
    let morphy = lemmas.class(WordClass::Noun);
    let singular = matches!(tag, Tag::Noun | Tag::Name);
    if singular && (morphy.count(word).is_some() || tag == Tag::Name) {
        return word.to_owned();
    }
    if PLURAL_ONLY.contains(&word) {
        return word.to_owned();
    }
    if let Some(lemma) = morphy.lemma(word) {
        return lemma;
    }
    if singular { word.to_owned() } else { by_rule(word) }
}

/// The singular of a plural that the dictionary lacks.
fn by_rule(word: &str) -> String {
    for [ending, base] in [["ies", "y"], ["sses", "ss"], ["shes", "sh"], ["ches", "ch"], ["xes", "x"], ["zzes", "zz"]] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() > 1) {
            return format!("{stem}{base}");
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with(['s', 'u', '\'']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}
