use std::fs;
use std::path::Path;

use prior_builder::{BuildError, Corpus, CorpusFormat, CorpusReport, Location, MalformedCaption, Strictness};
use proptest::prelude::*;
use vq_file::sha256_hex as hash;

use crate::sample::data;

struct Read {
    texts: Vec<String>,
    locations: Vec<Location>,
    report: CorpusReport,
}

fn read(format: CorpusFormat, path: &Path, strictness: Strictness) -> Result<Read, BuildError> {
    let corpus = Corpus { format, path: path.to_owned(), work: "Captions".into() };
    let (mut texts, mut locations) = (Vec::new(), Vec::new());
    let report = corpus.read(strictness, &mut |batch| {
        texts.extend(batch.iter().map(|caption| caption.text.clone()));
        locations.extend(batch.iter().map(|caption| caption.location));
        Ok(())
    })?;
    Ok(Read { texts, locations, report })
}

/// Reads a file of these bytes.
fn read_bytes(format: CorpusFormat, bytes: &[u8], strictness: Strictness) -> Result<Read, BuildError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("captions");
    fs::write(&path, bytes).unwrap();
    read(format, &path, strictness)
}

/// The messages of malformed captions, without the folder.
fn messages(report: &CorpusReport) -> Vec<String> {
    let message = |example: &MalformedCaption| {
        let folder = format!("{}/", example.path.parent().unwrap().display());
        example.to_string().replace(&folder, "")
    };
    report.examples.iter().map(message).collect()
}

#[test]
fn lines() {
    let bytes = b"\xef\xbb\xbfa red apple\r\n\n  two dogs \n\xff\xfe no text\nlast";
    let Read { texts, locations, report } = read_bytes(CorpusFormat::Lines, bytes, Strictness::Skip).unwrap();
    assert_eq!(texts, ["a red apple", "two dogs", "last"]);
    assert_eq!(locations, [Location::Line(1), Location::Line(3), Location::Line(5)]);
    assert_eq!((report.captions, report.files, report.malformed), (3, 1, 1));
    assert_eq!(messages(&report), ["captions:4: expected UTF-8, got \"\u{fffd}\u{fffd} no text\""]);
    assert_eq!(report.source.sha256, hash(bytes));
    assert_eq!((report.source.work.as_str(), report.source.file.as_str()), ("Captions", "captions"));
}

#[test]
fn names_of_emoji() {
    let Read { texts, report, .. } = read(CorpusFormat::EmojiNames, &data("emoji-test.txt"), Strictness::Fail).unwrap();
    assert_eq!(texts, ["red apple", "green apple", "idea"]);
    assert_eq!(report.malformed, 0);
    let broken = b"# Version: 15.0\n\n1F34E fully-qualified\n";
    let error = read_bytes(CorpusFormat::EmojiNames, broken, Strictness::Fail).err().unwrap().to_string();
    assert!(
        error.ends_with("captions:3: expected `codes; status # emoji version name`, got \"1F34E fully-qualified\"")
    );
}

#[test]
fn glosses() {
    let Read { texts, locations, report } = read(CorpusFormat::Glosses, &data("wordnet"), Strictness::Fail).unwrap();
    // Definition and example, after two lines of licence; nouns, adjectives, verbs, adverbs.
    let first = ["round red fruit", "a green apple", "round red apple", "a tall woody plant, with red leaves"];
    assert_eq!(texts[..4], first);
    // `a vertical structure`, `a thing that sounds`, `the round organ of sight`; names are not described.
    for described in ["a tall woody tree", "a vertical wall", "a call", "the round eye", "large goose"] {
        assert!(texts.iter().any(|text| text == described), "{described}: {texts:?}");
    }
    assert!(!texts.iter().any(|text| text.contains("paris") || text.contains("Paris")));
    assert_eq!((texts[texts.len() - 2].as_str(), texts[texts.len() - 1].as_str()), ("take a green apple", "quickly"));
    assert_eq!(locations[..4], [Location::Line(3), Location::Line(3), Location::Line(3), Location::Line(4)]);
    assert_eq!((report.files, report.malformed), (4, 0));
    assert_eq!((report.source.work.as_str(), report.source.file.as_str()), ("Captions", "wordnet"));
    let folder = tempfile::tempdir().unwrap();
    for name in ["data.noun", "data.adj", "data.verb", "data.adv"] {
        fs::write(folder.path().join(name), "  1 licence\n00000099 13 n 01 pear 0 000 no bar\n").unwrap();
    }
    let Read { report, .. } = read(CorpusFormat::Glosses, folder.path(), Strictness::Skip).unwrap();
    assert_eq!(report.malformed, 4);
    let expected = "data.noun:2: expected `offset file type count (word id).. | gloss`, got \"00000099 13";
    assert!(messages(&report)[0].starts_with(expected), "{report:?}");
    fs::remove_file(folder.path().join("data.verb")).unwrap();
    let error = read(CorpusFormat::Glosses, folder.path(), Strictness::Skip).err().unwrap().to_string();
    assert!(error.starts_with(&format!("read {}: ", folder.path().join("data.verb").display())), "{error}");
}

#[test]
fn a_line_without_end_is_no_caption() {
    let bytes = [vec![b'x'; 200_000], b"\na dog\n".to_vec()].concat();
    let Read { texts, report, .. } = read_bytes(CorpusFormat::Lines, &bytes, Strictness::Skip).unwrap();
    assert_eq!(texts, ["a dog"]);
    assert!(messages(&report)[0].starts_with("captions:1: expected at most 65536 bytes, got \"xxx"), "{report:?}");
    assert_eq!(report.source.sha256, hash(&bytes));
}

#[test]
fn flickr8k() {
    let text =
        "a.jpg#0\tA dog .\na.jpg#1\tTwo dogs .\nno tab\nb.jpg\tno number\n#1\tno name\nb.jpg#0\t \nb.jpg#1\tLast";
    let Read { texts, report, .. } = read_bytes(CorpusFormat::Flickr8k, text.as_bytes(), Strictness::Skip).unwrap();
    assert_eq!(texts, ["A dog .", "Two dogs .", "Last"]);
    assert_eq!(report.malformed, 4);
    assert_eq!(messages(&report)[0], "captions:3: expected `image#n<TAB>caption`, got \"no tab\"");
    let error = read_bytes(CorpusFormat::Flickr8k, text.as_bytes(), Strictness::Fail).err().unwrap();
    assert!(error.to_string().ends_with("captions:3: expected `image#n<TAB>caption`, got \"no tab\""), "{error}");
}

const COCO: &str = r#"{"info": {"year": 2017}, "images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [
    {"image_id": 1, "id": 5, "caption": "A dog\u002e\n"}, {"id": 6}, 7, {"caption": ["x"]}, {"caption": " "},
    {"caption": "Two dogs."}], "licenses": []}"#;

#[test]
fn coco() {
    let Read { texts, locations, report } = read_bytes(CorpusFormat::Coco, COCO.as_bytes(), Strictness::Skip).unwrap();
    assert_eq!(texts, ["A dog.", "Two dogs."]);
    assert_eq!(locations, [Location::Annotation(0), Location::Annotation(5)]);
    assert_eq!(report.malformed, 4);
    let expected = "read captions: annotations[2]: expected an object with a text `caption`, got 7";
    assert_eq!(messages(&report)[1], expected);
    assert_eq!(report.source.sha256, hash(COCO.as_bytes()));
    let error = read_bytes(CorpusFormat::Coco, COCO.as_bytes(), Strictness::Fail).err().unwrap();
    assert!(error.to_string().contains(": annotations[1]: expected an object with a text `caption`, got {"), "{error}");
}

#[test]
fn json_of_another_kind_is_named() {
    for (text, complaint) in [
        ("", "EOF while parsing a value"),
        ("[]", "invalid type: sequence, expected an object with `annotations`"),
        ("{}", "missing field `annotations`"),
        (r#"{"annotations": {}}"#, "invalid type: map, expected an array of annotations"),
        (r#"{"annotations": []} x"#, "trailing characters"),
        (r#"{"annotations": [{"caption": "a dog"}"#, "EOF while parsing a list"),
    ] {
        let message = read_bytes(CorpusFormat::Coco, text.as_bytes(), Strictness::Skip).err().unwrap().to_string();
        let expected = "captions: expected COCO captions: an object with an array `annotations`, got ";
        assert!(message.contains(expected) && message.contains(complaint), "{text}: {message}");
    }
    let deep = format!("{{\"annotations\": [{}", "[".repeat(100_000));
    let message = read_bytes(CorpusFormat::Coco, deep.as_bytes(), Strictness::Skip).err().unwrap().to_string();
    assert!(message.contains("recursion limit"), "{message}");
}

#[test]
fn folders_of_text_files() {
    let folder = tempfile::tempdir().unwrap();
    let files: [(&str, &[u8]); 5] = [
        ("002.Gull/b.txt", b"a white bird\n"),
        ("001.Wren/sub/z.txt", b"a small bird\nwith a tail"),
        ("001.Wren/a.txt", b"a brown bird\n\xff\n"),
        ("001.Wren/a.h5", b"no caption"),
        ("readme.md", b"no caption"),
    ];
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let Read { texts, report, .. } = read(CorpusFormat::Folder, folder.path(), Strictness::Skip).unwrap();
    assert_eq!(texts, ["a brown bird", "a small bird", "with a tail", "a white bird"]);
    assert_eq!((report.captions, report.files, report.malformed), (4, 3, 1));
    assert_eq!(messages(&report), ["a.txt:2: expected UTF-8, got \"\u{fffd}\""]);
    let list = format!(
        "{}  001.Wren/a.txt\n{}  001.Wren/sub/z.txt\n{}  002.Gull/b.txt\n",
        hash(b"a brown bird\n\xff\n"),
        hash(b"a small bird\nwith a tail"),
        hash(b"a white bird\n")
    );
    assert_eq!(report.source.sha256, hash(list.as_bytes()));
}

#[test]
fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let message = |format, path: &Path| read(format, path, Strictness::Skip).err().unwrap().to_string();
    let missing = folder.path().join("captions");
    for format in [CorpusFormat::Lines, CorpusFormat::Flickr8k, CorpusFormat::Coco, CorpusFormat::Folder] {
        let message = message(format, &missing);
        assert!(message.starts_with(&format!("read {}: ", missing.display())), "{message}");
    }
    let expected = format!("read {}: captions: expected text files (.txt), got none", folder.path().display());
    assert_eq!(message(CorpusFormat::Folder, folder.path()), expected);
}

#[test]
fn reports_show_only_some_of_many() {
    let Read { report, .. } = read_bytes(CorpusFormat::Flickr8k, &b"x\n".repeat(1000), Strictness::Skip).unwrap();
    assert_eq!((report.malformed, report.examples.len()), (1000, CorpusReport::EXAMPLES));
}

#[test]
fn errors_of_the_reader_end_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    for (format, text) in [(CorpusFormat::Lines, "a dog\n"), (CorpusFormat::Coco, COCO)] {
        let path = folder.path().join("captions");
        fs::write(&path, text).unwrap();
        let stop = || BuildError::Invalid { op: "op".into(), field: "f".into(), expected: "e".into(), got: "g".into() };
        let corpus = Corpus { format, path, work: String::new() };
        let error = corpus.read(Strictness::Skip, &mut |_| Err(stop())).unwrap_err();
        assert_eq!(error.to_string(), stop().to_string());
    }
}

proptest! {
    #[test]
    fn truncated_json_is_an_error(len in 0..COCO.len()) {
        let message = read_bytes(CorpusFormat::Coco, &COCO.as_bytes()[..len], Strictness::Skip).err().unwrap().to_string();
        prop_assert!(message.contains("captions: expected COCO captions"), "{}", message);
    }

    #[test]
    fn damaged_json_never_panics(at in 0..COCO.len(), byte in any::<u8>(), strictness in any::<bool>()) {
        let mut bytes = COCO.as_bytes().to_vec();
        bytes[at] = byte;
        let strictness = if strictness { Strictness::Fail } else { Strictness::Skip };
        if let Err(error) = read_bytes(CorpusFormat::Coco, &bytes, strictness) {
            prop_assert!(error.to_string().contains("captions: "), "{}", error);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [CorpusFormat::Lines, CorpusFormat::Flickr8k] {
            let Read { texts, report, .. } = read_bytes(format, &bytes, Strictness::Skip).unwrap();
            prop_assert_eq!(report.captions, texts.len() as u64);
            prop_assert!(texts.iter().all(|text| !text.is_empty() && text.trim() == text));
        }
        if let Err(error) = read_bytes(CorpusFormat::Coco, &bytes, Strictness::Skip) {
            prop_assert!(error.to_string().contains("captions: "), "{}", error);
        }
    }
}
