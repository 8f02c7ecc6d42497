//! `unsafe` lives in one file per crate that needs it.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn unsafe_code_lies_in_one_file_per_crate() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = fs::read_dir(workspace.join("crates")).expect("crates exist");
    let mut sources: Vec<_> = crates.map(|entry| entry.expect("an entry").path().join("src")).collect();
    sources.push(workspace.join("xtask/src"));
    for source in sources.iter().filter(|source| source.is_dir()) {
        let mut files = Vec::new();
        collect(source, &mut files);
        assert!(files.len() <= 1, "unsafe code in {files:?}");
    }
}

/// Adds the Rust files below `folder` that use `unsafe` outside of line comments.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("readable source");
            if text.lines().any(uses_unsafe) {
                files.push(path);
            }
        }
    }
}

fn uses_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or(line);
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
}

#[test]
fn the_word_is_found_in_code_only() {
    assert!(uses_unsafe("    let x = unsafe { f() };"));
    assert!(uses_unsafe("pub unsafe fn f() {}"));
    assert!(!uses_unsafe("// unsafe would be wrong here"));
    assert!(!uses_unsafe("#![deny(unsafe_op_in_unsafe_fn)]"));
}
