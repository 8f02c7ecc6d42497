//! Pictures to ids and back.

use std::process::Stdio;

use tempfile::TempDir;

use crate::support::{error_of, raw_vqct, train, vqct};

#[test]
fn ids_decode_to_the_reconstruction() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    train(folder);
    let images = ["emoji:red apple", "emoji:cat face"];
    let run = |arguments: &[&str]| {
        vqct(folder).args(arguments).assert().success();
    };
    run(&["reconstruct", "--checkpoint", "run", "--out", "direct", images[0], images[1]]);
    run(&["tokenize", "--checkpoint", "run", "--out", "tokens.jsonl", images[0], images[1]]);
    run(&["detokenize", "--checkpoint", "run/checkpoint.safetensors", "--out", "decoded", "tokens.jsonl"]);
    for name in ["red-apple.png", "cat-face.png"] {
        let direct = std::fs::read(folder.join("direct").join(name)).unwrap();
        assert_eq!(std::fs::read(folder.join("decoded").join(name)).unwrap(), direct, "{name}");
    }
    // A picture of its own size, from a file.
    run(&["reconstruct", "--checkpoint", "run", "--out", "again", "--size", "native", "direct/red-apple.png"]);
    assert_eq!(image::image_dimensions(folder.join("again/red-apple.png")).unwrap(), (16, 16));

    let text = std::fs::read_to_string(folder.join("tokens.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 3);
    let error = error_of(folder, &["tokenize", "--checkpoint", "run", "--out", "tokens.jsonl", images[0]]);
    assert!(error.contains("tokens.jsonl exists already"), "{error}");

    // Ids of another tokenizer, and ids that cannot be.
    let foreign = text.replacen("\"tokenizer\":\"", "\"tokenizer\":\"0", 1);
    std::fs::write(folder.join("foreign.jsonl"), foreign).unwrap();
    let error = error_of(folder, &["detokenize", "--checkpoint", "run", "--out", "x", "foreign.jsonl"]);
    assert!(error.contains("foreign.jsonl:1: expected ids of the tokenizer"), "{error}");
    let stray = text.replacen("\"image\":\"", "\"image\":\"../", 1);
    std::fs::write(folder.join("stray.jsonl"), stray).unwrap();
    let error = error_of(folder, &["detokenize", "--checkpoint", "run", "--out", "x", "stray.jsonl"]);
    assert!(error.contains("without its folder, got `../red-apple`"), "{error}");
    assert!(!folder.join("red-apple.png").exists());
    let wild = text.replacen("\"ids\":[", "\"ids\":[999,", 1);
    std::fs::write(folder.join("wild.jsonl"), wild).unwrap();
    let error = error_of(folder, &["detokenize", "--checkpoint", "run", "--out", "x", "wild.jsonl"]);
    assert!(error.contains("wild.jsonl:2: expected height x width x 3 ids, got 49 ids for 4 x 4"), "{error}");
}

#[test]
fn inspect_prints_a_word_for_each_slot() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    train(folder);
    let output = vqct(folder)
        .args(["inspect", "--checkpoint", "run", "--out", "words.png", "emoji:red apple"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let row = text.lines().find(|line| line.starts_with("row  0:")).unwrap();
    let cells: Vec<&str> = row.trim_start_matches("row  0:").split('|').collect();
    assert_eq!(cells.len(), 4, "{row}");
    assert!(cells.iter().all(|cell| cell.split_whitespace().count() == 3), "two adjectives and a noun: {row}");
    assert!(row.chars().any(char::is_alphabetic), "words, not ids: {row}");
    assert_eq!(image::image_dimensions(folder.join("words.png")).unwrap().0, 4 * 96);
}

#[test]
fn closed_pipe_does_not_end_the_work() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    train(folder);
    let mut child = raw_vqct(folder)
        .args(["inspect", "--checkpoint", "run", "--out", "words.png", "emoji:red apple"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    assert!(folder.join("words.png").exists());
}
