use std::borrow::Cow;
use std::path::Path;

use super::collector::Collector;
use super::hashing::FileList;
use super::lines::{self, LineFormat};
use crate::PriorError;

/// WordNet's data files, in the order in which they are read.
const FILES: [&str; 4] = ["data.noun", "data.adj", "data.verb", "data.adv"];

/// Words that end the first noun phrase of a definition.
#[rustfmt::skip]
const ENDS: [&str; 40] = [
    "of", "in", "on", "at", "by", "to", "for", "from", "with", "without", "into", "like", "as", "or", "and", "but",
    "that", "which", "who", "whose", "where", "when", "used", "having", "made", "found", "consisting", "containing",
    "resembling", "bearing", "producing", "belonging", "is", "are", "was", "usually", "especially", "often",
    "growing", "living",
];

/// Reads the glosses of WordNet's folder; returns the SHA-256 of the list of files.
pub(super) fn read(folder: &Path, collector: &mut Collector<'_>) -> Result<String, PriorError> {
    let mut list = FileList::default();
    for name in FILES {
        list.add(&lines::read(&folder.join(name), LineFormat::Gloss, collector)?, name);
    }
    Ok(list.sha256())
}

/// Definition and examples of a line, without the marks between them, and what the definition says of its words.
pub(super) fn captions(line: &str) -> Option<Vec<Cow<'_, str>>> {
    let (fields, gloss) = line.split_once(" | ")?;
    let parts = gloss.split([';', '"']).map(str::trim).filter(|part| part.chars().any(char::is_alphabetic));
    let mut captions: Vec<Cow<'_, str>> = parts.map(Cow::Borrowed).collect();
    if let Some(description) = description(gloss) {
        let described = defined_nouns(fields).map(|noun| format!("{description} {noun}").into());
        captions.extend(described.collect::<Vec<_>>());
    }
    Some(captions)
}

/// The first noun phrase of a definition, less its head: `small European` of `small European finch having ..`.
///
/// So a goldfinch is small, though no text says `small goldfinch`.
fn description(gloss: &str) -> Option<String> {
    let clause = gloss.split([';', ',', '(', '"', ':']).next()?;
    let phrase: Vec<&str> = clause.split_whitespace().take_while(|word| !ENDS.contains(word)).collect();
    let (_head, before) = phrase.split_last()?;
    (!before.is_empty()).then(|| before.join(" "))
}

/// The single words in lower case that a line of `data.noun` defines.
fn defined_nouns(fields: &str) -> impl Iterator<Item = &str> {
    let mut fields = fields.split(' ');
    let kind = fields.nth(2);
    let words = fields.next().and_then(|len| usize::from_str_radix(len, 16).ok()).filter(|_| kind == Some("n"));
    let lower = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    fields.step_by(2).take(words.unwrap_or(0)).filter(lower)
}
