//! `unsafe` lies in a few named files, each for one reason.

use std::path::Path;

use crate::workspace_files::{crate_folders, read, rust_files, short_path};

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
    ("crates/vq-train/src/memory.rs", "sets an option of the allocator: freed memory is kept"),
];

#[test]
fn unsafe_code_lies_in_the_named_files() {
    let files: Vec<_> = crate_folders().iter().flat_map(|folder| rust_files(&folder.join("src"))).collect();
    let found: Vec<_> =
        files.iter().filter(|file| read(file).lines().any(uses_unsafe)).map(|file| short_path(file)).collect();
    let allowed = ALLOWED.map(|(file, _)| Path::new(file));
    assert_eq!(found, allowed, "left: files with unsafe code; right: those that are named, with a reason");
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
