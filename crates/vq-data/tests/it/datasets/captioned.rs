use vq_data::{CaptionFile, CaptionedConfig, Damaged, DataError, DatasetLayout, ImageFiles};

use super::{Tree, check_refused, listing, picture};

fn open(tree: &Tree, captions: CaptionFile) -> Result<ImageFiles, DataError> {
    CaptionedConfig { root: tree.root().to_owned(), captions, damaged: Damaged::Fail }.open()
}

fn csv() -> CaptionFile {
    let (image, caption) = ("image".to_owned(), "comment".to_owned());
    CaptionFile::Csv { file: "captions.csv".into(), image, caption, delimiter: '|' }
}

/// Three images, two of them in folders.
fn images() -> Tree {
    let tree = Tree::new();
    tree.put("b.png", picture(1)).put("a/x.png", picture(2)).put("a/y.v2.png", picture(3));
    tree
}

#[test]
fn text_files_beside_images_are_captions() {
    let tree = images();
    tree.put("b.txt", "a bird\n\n  two birds \r\n").put("a/x.txt", "an x").put("a/y.v2.txt", "ein Ypsilon: ÿ\n");
    let source = open(&tree, CaptionFile::Sidecar).unwrap();
    let golden = ["a/x.png | an x |  | 2", "a/y.v2.png | ein Ypsilon: ÿ |  | 3", "b.png | a bird / two birds |  | 1"];
    assert_eq!(listing(&source), golden);
    assert_eq!(source.records()[2].captions, ["a bird", "two birds"]);

    let text = || tree.root().join("a/x.txt").display().to_string();
    tree.put("a/x.txt", " \n");
    check_refused(open(&tree, CaptionFile::Sidecar), &["expected a caption in", &text(), "got none"]);
    tree.put("a/x.txt", b"ab\xff");
    check_refused(open(&tree, CaptionFile::Sidecar), &["text in UTF-8 in", &text(), "other bytes after 2"]);
    tree.remove("a/x.txt");
    check_refused(open(&tree, CaptionFile::Sidecar), &["a file", &text(), "captions, one a line, got nothing there"]);
}

#[test]
fn metadata_names_images_and_captions() {
    let tree = images();
    let lines = [
        r#"{"file_name": "b.png", "text": "a bird", "width": 4}"#,
        r#"{"file_name": "./a/x.png", "text": ["an x", "a cross"]}"#,
        "",
        r#"{"text": "two birds", "file_name": "b.png"}"#,
    ];
    tree.put("metadata.jsonl", lines.join("\n"));
    let golden = ["b.png | a bird / two birds |  | 1", "a/x.png | an x / a cross |  | 2"];
    assert_eq!(listing(&open(&tree, CaptionFile::Metadata).unwrap()), golden);

    let refused = |line: &str, says: &[&str]| {
        tree.put("metadata.jsonl", format!("{}\n{line}", lines[0]));
        check_refused(open(&tree, CaptionFile::Metadata), says);
    };
    refused(r#"{"file_name": "b.png"}"#, &["line 2 of", "metadata.jsonl", "missing field `text`"]);
    refused(r#"{"file_name": "b.png", "text": 3}"#, &["line 2 of", "a text or a list of texts"]);
    refused(r#"{"file_name": "b.png", "text": []}"#, &["a caption of b.png in line 2", "an empty one"]);
    refused(r#"{"file_name": "../b.png", "text": "x"}"#, &["a path within", "line 2", "\"../b.png\""]);
    refused(r#"{"file_name": "/b.png", "text": "x"}"#, &["a path within", "\"/b.png\""]);
    refused(r#"{"file_name": "c.png", "text": "x"}"#, &["c.png with an image, got nothing there"]);
    refused(r#"{"file_name": "a", "text": "x"}"#, &["a with an image, got a folder"]);
    tree.put("metadata.jsonl", "");
    check_refused(open(&tree, CaptionFile::Metadata), &["at least one image, got none"]);
    tree.remove("metadata.jsonl");
    check_refused(open(&tree, CaptionFile::Metadata), &["metadata.jsonl with an object a line", "nothing there"]);
}

#[test]
fn csv_names_images_and_captions() {
    let tree = images();
    let text = "n|image|comment\n0|b.png|a bird\n1|a/x.png|\"an x, a \"\"cross\"\"\"\n2|b.png| two | birds\n";
    tree.put("captions.csv", text.replace(" two | birds", "\" two | birds\""));
    let golden = ["b.png | a bird / two | birds |  | 1", "a/x.png | an x, a \"cross\" |  | 2"];
    assert_eq!(listing(&open(&tree, csv()).unwrap()), golden);

    tree.put("captions.csv", text);
    check_refused(open(&tree, csv()), &["parse", "captions.csv", "line: 4", "4 fields"]);
    tree.put("captions.csv", "n|image\n0|b.png\n");
    check_refused(open(&tree, csv()), &["a column comment in", "captions.csv", r#"["n", "image"]"#]);
    tree.put("captions.csv", "image|comment\nb.png|x\nb.png|\n");
    check_refused(open(&tree, csv()), &["a caption of b.png in line 3 of", "an empty one"]);
    let odd = CaptionFile::Csv {
        file: "captions.csv".into(),
        image: "image".into(),
        caption: "comment".into(),
        delimiter: '→',
    };
    check_refused(open(&tree, odd), &["a delimiter of one ASCII character, got '→'"]);
}
