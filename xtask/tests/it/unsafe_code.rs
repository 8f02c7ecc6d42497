//! `unsafe` lives in a few named files, each for one reason.

use std::fs;
use std::path::{Path, PathBuf};

/// The files that may use `unsafe`, and what for.
const ALLOWED: [(&str, &str); 9] = [
    ("crates/vq-core/src/kernels/compile.rs", "calls the compiler of CUDA kernels"),
    ("crates/vq-core/src/kernels/emulator.rs", "calls the kernels, compiled for the CPU by the tests"),
    ("crates/vq-core/src/kernels/gpu.rs", "calls the driver of the GPU"),
    ("crates/vq-core/src/kernels/libtorch.rs", "loads libtorch's CUDA library into the process"),
    ("crates/vq-core/src/search/cpu/scan.rs", "vector instructions, and pointers into tiles"),
    ("crates/vq-core/src/search/cpu/tensor.rs", "reads a tensor's memory as a slice"),
    ("crates/vq-core/src/search/cpu/threads.rs", "calls libtorch's OpenMP runtime"),
    ("crates/vq-file/src/storage.rs", "maps a file into memory"),
    ("crates/vq-train/src/memory.rs", "tells the allocator to keep what is freed"),
];

#[test]
fn unsafe_code_lies_in_the_named_files() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = fs::read_dir(workspace.join("crates")).expect("crates exist");
    let mut sources: Vec<_> = crates.map(|entry| entry.expect("an entry").path().join("src")).collect();
    sources.push(workspace.join("xtask/src"));
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_dir()) {
        collect(source, &mut found);
    }
    let mut found: Vec<_> = found.iter().filter_map(|file| file.strip_prefix(&workspace).ok()).collect();
    found.sort();
    let allowed = ALLOWED.map(|(file, _)| Path::new(file));
    assert_eq!(found, allowed, "left: files with unsafe code; right: those that are named, with a reason");
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
