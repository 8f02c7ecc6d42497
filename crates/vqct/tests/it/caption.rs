//! Captions on the command line.

use tempfile::TempDir;

use crate::support::{TINY, error_of, train, vqct};

fn captions(folder: &std::path::Path, arguments: &[&str]) -> String {
    let output = vqct(folder).args(["caption", "--checkpoint", "run"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn image_and_its_tokens_have_equal_captions() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let table = "[captions]\ntranslator = { width = 16, heads = 2, layers = 1, max_tokens = 8 }\n";
    std::fs::write(folder.join("tiny.toml"), format!("{TINY}{table}")).unwrap();
    let trained = vqct(folder).args(["train", "--config", "tiny.toml", "--out", "run"]).output().unwrap();
    let words = String::from_utf8(trained.stdout).unwrap();
    assert!(words.contains("captions from codes alone:") && words.contains("(reference: "), "{words}");

    let image = "emoji:red apple";
    let greedy = captions(folder, &[image]);
    assert!(greedy.starts_with("emoji:red apple: "), "{greedy}");
    vqct(folder).args(["tokenize", "--checkpoint", "run", "--out", "t.jsonl", image]).assert().success();
    let caption = |text: &str| text.split_once(": ").unwrap().1.to_owned();
    assert_eq!(caption(&captions(folder, &["--tokens", "t.jsonl"])), caption(&greedy));
    captions(folder, &["--beams", "3", image]);
    let drawn = captions(folder, &["--sample", "7", "--top-k", "20", image]);
    assert_eq!(captions(folder, &["--sample", "7", "--top-k", "20", image]), drawn);

    let error = |arguments: &[&str]| error_of(folder, &[&["caption", "--checkpoint", "run"], arguments].concat());
    assert!(error(&["--beams", "0", image]).contains("`beams` to be positive, got 0"));
    assert!(error(&["--sample", "1", "--temperature", "0", image]).contains("`temperature`"));
    assert!(error(&["nowhere.png"]).contains("nowhere.png"));
}

#[test]
fn checkpoint_without_captions_is_refused() {
    let folder = TempDir::new().unwrap();
    train(folder.path());
    let error = error_of(folder.path(), &["caption", "--checkpoint", "run", "emoji:red apple"]);
    assert!(error.contains("trained without captions"), "{error}");
}
