//! WordNet's words for taggers and lemmatizers.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use codebook_prior::{Lemmas, Morphy, Spelling, WordClass};

use crate::error::BuildError;
use crate::text_file::TextFile;
use crate::wordnet::{Sense, WordNet};
use crate::wordnet_lines::{read_exceptions, records};

/// Reads the words of WordNet's folder: `index.*`, `*.exc`, `cntlist.rev`, and the data files of nouns and adjectives,
/// which show what is a name (wndb(5WN), cntlist(5WN)).
///
/// # Errors
/// [`BuildError::File`] for a missing file, [`BuildError::Line`] for a line of another format.
pub fn read_lemmas(folder: &Path) -> Result<Lemmas, BuildError> {
    let wordnet = WordNet::open(folder)?;
    let mut names = HashSet::new();
    for dictionary in [&wordnet.nouns, &wordnet.adjectives] {
        let only_names = dictionary
            .senses
            .iter()
            .filter(|(_, senses)| senses.iter().all(|sense| sense.spelling == Spelling::Proper));
        names.extend(only_names.map(|(lemma, _)| lemma.clone()));
    }
    // A name in one class may be a common word in the other.
    names.retain(|name| {
        let is_common =
            |senses: Option<&Vec<Sense>>| senses.into_iter().flatten().any(|sense| sense.spelling == Spelling::Common);
        !is_common(wordnet.nouns.senses.get(name)) && !is_common(wordnet.adjectives.senses.get(name))
    });
    let counts = TextFile::read(folder.join("cntlist.rev"))?;
    let verbs = plain_dictionary(folder, WordClass::Verb, &counts)?;
    let adverbs = plain_dictionary(folder, WordClass::Adverb, &counts)?;
    let adjectives = single_words(WordClass::Adjective, &wordnet.adjectives.morphy);
    Ok(Lemmas::new(wordnet.nouns.morphy, adjectives, verbs, adverbs, names))
}

/// The lemmatizer without compounds.
fn single_words(class: WordClass, morphy: &Morphy) -> Morphy {
    let exceptions = morphy.exceptions().map(|(form, bases)| (form.to_owned(), bases.to_vec())).collect();
    let words = morphy.counts().filter(|(word, _)| !word.contains('_'));
    Morphy::new(class, exceptions, words.map(|(word, count)| (word.to_owned(), count)))
}

/// The single words of a class whose senses are not needed: verbs and adverbs.
fn plain_dictionary(folder: &Path, class: WordClass, counts: &TextFile) -> Result<Morphy, BuildError> {
    let (suffix, digit) = match class {
        WordClass::Noun => ("noun", '1'),
        WordClass::Verb => ("verb", '2'),
        WordClass::Adjective => ("adj", '3'),
        WordClass::Adverb => ("adv", '4'),
    };
    let words = TextFile::read(folder.join(format!("index.{suffix}")))?;
    let exceptions = TextFile::read(folder.join(format!("{suffix}.exc")))?;
    let mut totals: HashMap<String, u64> = HashMap::new();
    for (number, line) in records(&words) {
        let lemma = line.split(' ').next().filter(|lemma| !lemma.is_empty());
        let lemma = lemma.ok_or_else(|| words.line_error(number, "`lemma type count .. offsets`", line))?;
        if !lemma.contains('_') {
            totals.insert(lemma.to_owned(), 0);
        }
    }
    for (at, line) in counts.text.lines().enumerate() {
        let parse = || {
            let (key, rest) = line.split_once(' ')?;
            let (lemma, sense) = key.split_once('%')?;
            let count: u64 = rest.split(' ').nth(1)?.parse().ok()?;
            Some((lemma, sense.starts_with(digit), count))
        };
        let Some((lemma, is_of_class, count)) = parse() else {
            return Err(counts.line_error(at + 1, "`sense_key sense_number count`", line));
        };
        if let Some(total) = totals.get_mut(lemma).filter(|_| is_of_class) {
            *total += count;
        }
    }
    Ok(Morphy::new(class, read_exceptions(&exceptions)?, totals))
}
