//! Captions as tokens.

use std::path::{Path, PathBuf};

use vlt_caption::{SpecialNames, TokenSelection, TokenVocabulary};

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tokenizer.json")
}

fn captions() -> Vec<String> {
    ["A red bird with red wings.", "a blue dog"].map(String::from).to_vec()
}

#[test]
fn captions_select_the_vocabulary() {
    let used = captions();
    let vocabulary = TokenVocabulary::open(&file(), &SpecialNames::bert(), TokenSelection::Captions(&used)).unwrap();
    // Four special ones, a, red, blue, bird, with, wing, ##s, full stop, dog.
    assert_eq!(vocabulary.map().size(), 13);
    let full = TokenVocabulary::open(&file(), &SpecialNames::bert(), TokenSelection::Full).unwrap();
    assert_eq!(full.map().size(), 18);
}

#[test]
fn text_round_trips() {
    let used = captions();
    let vocabulary = TokenVocabulary::open(&file(), &SpecialNames::bert(), TokenSelection::Captions(&used)).unwrap();
    // Longer than the file's own truncation and shorter than its padding: both are off.
    let ids = vocabulary.encode(&used[0], 20).unwrap();
    assert_eq!(ids.len(), 10, "{ids:?}");
    assert_eq!(vocabulary.decode(&ids).unwrap(), "a red bird with red wings.");
    let special = vocabulary.map().special();
    assert_eq!((ids[0], ids[9]), (special.begin, special.end));

    let strange = vocabulary.encode("a purple dog on grass", 20).unwrap();
    let unknown = strange.iter().filter(|id| Some(**id) == special.unknown).count();
    assert_eq!(unknown, 3, "purple is not the model's, on and grass not in use");
    assert_eq!(vocabulary.decode(&strange).unwrap(), "a dog");
}

#[test]
fn errors_name_what_is_wrong() {
    let open = |path: &Path, names: &SpecialNames| {
        TokenVocabulary::open(path, names, TokenSelection::Full).unwrap_err().to_string()
    };
    assert!(open(&file(), &SpecialNames::clip()).ends_with("expected a token \"<|startoftext|>\", got none"));
    let missing = open(Path::new("nowhere.json"), &SpecialNames::bert());
    assert!(missing.starts_with("read nowhere.json: "), "{missing}");
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    assert!(open(&other, &SpecialNames::bert()).contains("Cargo.toml: expected a tokenizer, got: "));

    let vocabulary = TokenVocabulary::open(&file(), &SpecialNames::bert(), TokenSelection::Full).unwrap();
    let error = vocabulary.decode(&[5, 18]).unwrap_err().to_string();
    assert_eq!(error, "TokenVocabulary::decode: expected token ids in 0..18, got 18");
}

#[test]
fn captions_become_a_batch() {
    let vocabulary = TokenVocabulary::open(&file(), &SpecialNames::bert(), TokenSelection::Full).unwrap();
    let captions = [Some(" a blue dog ".to_owned()), None, Some(" \t".to_owned()), Some("a red bird with".to_owned())];
    let batch = vocabulary.encode_batch(&captions, 5).unwrap();
    assert_eq!(batch.ids.size(), [4, 5]);
    assert_eq!(Vec::<i64>::try_from(&batch.lengths).unwrap(), [5, 0, 0, 5], "the last is truncated");
    let first = Vec::<i64>::try_from(batch.ids.get(0)).unwrap();
    assert_eq!(first, vocabulary.encode("a blue dog", 5).unwrap());
    assert_eq!(Vec::<i64>::try_from(batch.word_counts()).unwrap(), [3, 0, 0, 3]);
}
