//! WordNet's glosses.

use std::borrow::Cow;
use std::path::Path;

use super::collector::Collector;
use super::hashing::FileList;
use super::line_reader::{self, LineFormat};
use crate::error::BuildError;

/// WordNet's data files, in reading order.
const FILES: [&str; 4] = ["data.noun", "data.adj", "data.verb", "data.adv"];

/// `offset file type .. | definition; "example"`, or a line of the licence.
const FORMAT: LineFormat = LineFormat { expected: "`offset file type count (word id).. | gloss`", captions };

/// Words that end the first noun phrase of a definition.
#[rustfmt::skip]
const ENDS: [&str; 40] = [
    "of", "in", "on", "at", "by", "to", "for", "from", "with", "without", "into", "like", "as", "or", "and", "but",
    "that", "which", "who", "whose", "where", "when", "used", "having", "made", "found", "consisting", "containing",
    "resembling", "bearing", "producing", "belonging", "is", "are", "was", "usually", "especially", "often",
    "growing", "living",
];

/// Reads the glosses of WordNet's folder; returns the SHA-256 of the list of files.
pub(super) fn read(folder: &Path, collector: &mut Collector<'_>) -> Result<String, BuildError> {
    let mut list = FileList::default();
    for name in FILES {
        list.add(&line_reader::read(&folder.join(name), &FORMAT, collector)?, name);
    }
    Ok(list.sha256())
}

/// Definition and examples of a line, without the punctuation between them, and the descriptions of its nouns.
fn captions(line: &str) -> Option<Vec<Cow<'_, str>>> {
    if line.starts_with("  ") {
        return Some(Vec::new()); // the licence
    }
    let (fields, gloss) = line.split_once(" | ")?;
    let parts = gloss.split([';', '"']).map(str::trim).filter(|part| part.chars().any(char::is_alphabetic));
    let mut captions: Vec<Cow<'_, str>> = parts.map(Cow::Borrowed).collect();
    if let Some(description) = description(gloss) {
        let described = defined_nouns(fields).map(|noun| format!("{description} {noun}").into());
        captions.extend(described.collect::<Vec<_>>());
    }
    Some(captions)
}

/// The first noun phrase of a definition without its head: `small European` of `small European finch having ..`.
///
/// It adds pairs such as `small goldfinch`, which no text contains.
fn description(gloss: &str) -> Option<String> {
    let clause = gloss.split([';', ',', '(', '"', ':']).next()?;
    let phrase: Vec<&str> = clause.split_whitespace().take_while(|word| !ENDS.contains(word)).collect();
    let (_head, before) = phrase.split_last()?;
    (!before.is_empty()).then(|| before.join(" "))
}

/// The single lower-case words that a line of `data.noun` defines.
fn defined_nouns(fields: &str) -> impl Iterator<Item = &str> {
    let mut fields = fields.split(' ');
    let kind = fields.nth(2);
    let words = fields.next().and_then(|len| usize::from_str_radix(len, 16).ok()).filter(|_| kind == Some("n"));
    let lower = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    fields.step_by(2).take(words.unwrap_or(0)).filter(lower)
}
