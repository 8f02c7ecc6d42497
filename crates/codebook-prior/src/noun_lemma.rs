use crate::{Lemmas, Tag, WordClass};

/// Plurals of things that have no singular, though WordNet has a word that looks like one (`jean`, `short`).
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

/// The base form of a lower-case noun that bears a tag (VQCT section 3.1: nouns are lemmatized).
///
/// A singular that WordNet holds is its own base form; a plural has WordNet's (morphy), and an unknown one is taken apart
/// by rule. What no rule fits stays as it is.
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

/// The singular of a plural that no dictionary has.
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
