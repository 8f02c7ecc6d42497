use std::path::Path;

use vq_data::remake::{Sources, remake};

use crate::support::check_error;

const ASSET: &[u8] = include_bytes!("../../assets/emoji.zip");
const FONT: &str = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf";
const NAMES: &str = "/usr/share/unicode/emoji/emoji-test.txt";

/// Needs Debian's packages; without them it prints a note and passes.
#[test]
fn the_asset_is_remade_byte_for_byte() {
    if !Path::new(FONT).exists() || !Path::new(NAMES).exists() {
        eprintln!("not checked: fonts-noto-color-emoji or unicode-data is not installed");
        return;
    }
    let font = std::fs::read(FONT).unwrap();
    let names = std::fs::read_to_string(NAMES).unwrap();
    let remade = remake(Sources { font: &font, names: &names }).unwrap();
    if !remade.unlike.is_empty() {
        eprintln!("not checked: other versions of the packages: {:?}", remade.unlike);
        return;
    }
    assert!(remade.archive == ASSET, "the shipped archive is not up to date");
    // Another list is reported as another source.
    let other = remake(Sources { font: &font, names: &format!("{names}\n") }).unwrap();
    assert_eq!(other.unlike.len(), 1);
    assert_eq!(other.unlike[0].file, "emoji-test.txt");
    assert_eq!(other.provenance.sources[1].package, "unknown");
    // An emoji that the font lacks is named.
    let error =
        remake(Sources { font: &font, names: "# Version: 99\n41 ; fully-qualified # A E99.0 letter a" }).unwrap_err();
    check_error(&error, &["letter a"]);
}

#[test]
fn wrong_sources_are_refused() {
    #[track_caller]
    fn check(names: &str, part: &str) {
        let error = remake(Sources { font: b"", names }).unwrap_err();
        check_error(&error, &[part]);
    }
    check("", "expected a line \"# Version: ..\"");
    check("# Version: 1", "expected fully qualified emoji");
    check("\n1F34E nonsense", "parse line 2 of the list of names");
    check("XYZ ; fully-qualified # x E1 x", "hexadecimal code points");
    check("# Version: 1\n41 ; fully-qualified # A E1.0 letter a", "expected a font");
}
