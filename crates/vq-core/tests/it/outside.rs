//! Runs the example of the README as a crate outside the workspace that depends on `vq-core` alone.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The first code block of a language after a heading.
fn block<'a>(text: &'a str, heading: &str, language: &str) -> &'a str {
    let after = text.split_once(heading).expect("the heading").1;
    let opened = after.split_once(&format!("```{language}\n")).expect("the block").1;
    opened.split_once("```").expect("the end of the block").0
}

#[test]
fn the_example_of_the_readme_runs_outside_the_workspace() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.join("../..").canonicalize().unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let heading = "## Use one crate";

    let outside = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    fs::create_dir_all(outside.join("src")).unwrap();
    let dependencies = block(&readme, heading, "toml");
    let line = dependencies.lines().find(|line| line.starts_with("vq-core")).expect("the line of vq-core");
    let path = format!("vq-core = {{ path = {here:?} }}");
    // The profile equals that of the workspace, so that its build artifacts are reused.
    let profile = "[profile.dev]\ndebug = \"line-tables-only\"\n[profile.dev.package.\"*\"]\nopt-level = 1\n\
                   [profile.dev.build-override]\ndebug = \"line-tables-only\"\n";
    let manifest = format!(
        "[package]\nname = \"outside\"\nedition = \"2024\"\n{}\n[workspace]\n{profile}",
        dependencies.replace(line, &path)
    );
    fs::write(outside.join("Cargo.toml"), manifest).unwrap();
    fs::write(outside.join("src/main.rs"), block(&readme, heading, "rust")).unwrap();
    fs::copy(root.join("Cargo.lock"), outside.join("Cargo.lock")).unwrap();

    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--target-dir"])
        .arg(target)
        .current_dir(&outside)
        .env("LD_LIBRARY_PATH", root.join(".libtorch/current/lib"))
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    assert!(out.starts_with("ids Tensor[[8, 16, 16, 1], Int64], loss ["), "{out}{err}");
}
