use codebook_prior::EmojiNames;

use crate::sample::data;

#[test]
fn fully_qualified_names_without_skin_tones() {
    let emoji = EmojiNames::open(&data("emoji-test.txt")).unwrap();
    assert_eq!(emoji.names, ["red apple", "green apple", "idea"]);
    assert_eq!(emoji.source.work, "Unicode Emoji 15.0");
    assert_eq!(emoji.source.file, "emoji-test.txt");
}

#[test]
fn a_broken_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("emoji-test.txt");
    std::fs::write(&path, "# Version: 15.0\n\n1F34E fully-qualified\n").unwrap();
    let message = EmojiNames::open(&path).unwrap_err().to_string();
    let expected = "expected `codes; status # emoji version name`, got \"1F34E fully-qualified\"";
    assert_eq!(message, format!("{}:3: {expected}", path.display()));
}
