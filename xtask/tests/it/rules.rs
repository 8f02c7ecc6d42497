//! The limits of files and crates, and that the files of a crate form no circle.

use crate::module_graph::ModuleGraph;
use crate::workspace_files::{crate_folders, read, rust_files, short_path};

/// The most lines of a source file.
const FILE_LINES: usize = 400;

/// The most lines of all source files of a crate.
const CRATE_LINES: usize = 8000;

/// Crates with a lower limit: the training loop stays small.
const LOWER_LIMITS: [(&str, usize); 1] = [("vq-train", 6000)];

#[test]
fn source_files_are_short() {
    let files: Vec<_> = crate_folders().iter().flat_map(|folder| rust_files(&folder.join("src"))).collect();
    let lines = files.iter().map(|file| (short_path(file), read(file).lines().count()));
    let long: Vec<_> = lines.filter(|(_, lines)| *lines > FILE_LINES).collect();
    assert!(long.is_empty(), "expected at most {FILE_LINES} lines in each source file, got {long:?}");
}

#[test]
fn crates_are_small() {
    for folder in crate_folders() {
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a plain name");
        let lines: usize = rust_files(&folder.join("src")).iter().map(|file| read(file).lines().count()).sum();
        let lower = LOWER_LIMITS.iter().find(|(limited, _)| *limited == name);
        let limit = lower.map_or(CRATE_LINES, |(_, limit)| *limit);
        assert!(lines <= limit, "{name}: expected at most {limit} lines in `src`, got {lines}");
    }
}

#[test]
fn files_of_a_crate_form_no_circle() {
    let mut found = Vec::new();
    for folder in crate_folders() {
        let src = folder.join("src");
        let circles = ModuleGraph::read(&src).circles();
        found.extend(circles.iter().map(|circle| format!("{}: {circle}", short_path(&src).display())));
    }
    assert!(found.is_empty(), "expected no circle of files that use each other, got\n{}", found.join("\n"));
}
