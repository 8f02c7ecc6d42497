use codebook_prior::Spelling;
use prior_builder::WordNet;

use crate::sample::data;

#[test]
fn senses_have_file_count_and_spelling() {
    let wordnet = WordNet::open(&data("wordnet")).unwrap();
    let apple = &wordnet.nouns.senses["apple"][0];
    assert_eq!((apple.file, apple.count, apple.spelling), ("noun.food", 2, Spelling::Common));
    assert_eq!(wordnet.nouns.senses["paris"][0].spelling, Spelling::Proper);
    // Syntactic markers are not part of the word; satellites are adjectives.
    let large = &wordnet.adjectives.senses["large"][0];
    assert_eq!((large.file, large.count, large.spelling), ("adj.all", 9, Spelling::Common));
    assert_eq!(wordnet.adjectives.count("red"), 20);
    assert_eq!(wordnet.nouns.count("red"), 1);
    assert_eq!(wordnet.nouns.count("nothing"), 0);
}

#[test]
fn every_file_read_is_a_source() {
    let wordnet = WordNet::open(&data("wordnet")).unwrap();
    assert_eq!(wordnet.sources.len(), 7);
    assert!(wordnet.sources.iter().all(|source| source.work == "WordNet 3.0" && source.sha256.len() == 64));
}

#[test]
fn broken_lines_are_refused() {
    check("cntlist.rev", "apple%1:13:00:: 1", 8, "`sense_key sense_number count`");
    check("index.noun", "pear n 1 0 1 0 99999999", 23, "offsets of the data file");
    check("index.noun", "pear n 2 0 1 0 00000001", 23, "offsets of the data file");
    check("index.noun", "pear n", 23, "`lemma type count .. offsets`");
    check("data.noun", "00000099 13 n 02 pear 0 000 no bar", 22, "`offset file type count (word id).. | gloss`");
    check("data.noun", "00000099 13 n 09 pear 0 | too few words", 22, "`offset file type count (word id).. | gloss`");
    check("noun.exc", "pears", 5, "`form base..`");
}

/// Appends a line to a file of the fixture and reads it.
fn check(name: &str, line: &str, number: usize, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(data("wordnet")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let path = folder.path().join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}{line}\n")).unwrap();
    let message = WordNet::open(folder.path()).unwrap_err().to_string();
    assert_eq!(message, format!("{}:{number}: expected {expected}, got {line:?}", path.display()));
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let message = WordNet::open(folder.path()).unwrap_err().to_string();
    assert!(message.starts_with(&format!("read {}: ", folder.path().join("cntlist.rev").display())), "{message}");
}
