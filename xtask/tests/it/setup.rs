//! `cargo xtask setup` on machines that `tests/tools` imitates.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use assert_cmd::assert::OutputAssertExt;

use crate::machine::Machine;

/// Checks that setup fails with one sentence that holds all `parts`, and that nothing is left half done.
fn check_failure(machine: &Machine, variables: &[(&str, &str)], parts: &[&str]) {
    let output = machine.setup(variables).output().expect("xtask starts");
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{messages}");
    let last = messages.lines().last().unwrap_or_default();
    assert!(last.starts_with("error: "), "{messages}");
    for part in parts {
        assert!(last.contains(part), "no `{part}` in: {last}");
    }
    assert!(!machine.libtorch("current").exists());
    assert!(!machine.libtorch("cpu-2.11.0").exists());
    assert!(!machine.libtorch("cpu-2.11.0.partial").exists());
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a readable folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn installs_what_cpus_need_and_only_once() {
    let machine = Machine::new();
    machine.setup(&[]).assert().success();
    let current = machine.libtorch("current");
    assert_eq!(fs::read_link(&current).expect("a link"), Path::new("cpu-2.11.0/torch"));
    assert_eq!(names(&current), ["include", "lib", "version.py"]);
    assert_eq!(names(&current.join("lib")), ["libc10.so", "libtorch.so", "libtorch_cpu.so"]);
    assert_eq!(names(&machine.libtorch("cpu-2.11.0")), ["installed.txt", "torch", "torch-2.11.0.dist-info"]);

    // As under cargo, which sets LIBTORCH from .cargo/config.toml.
    let cargo = [("LIBTORCH", current.to_str().expect("a plain path"))];
    machine.setup(&cargo).assert().success();
    assert_eq!(machine.installations(), 1);
    let log = fs::read_to_string(machine.path("log")).expect("a log");
    assert!(log.contains("--require-hashes"), "{log}");
}

#[test]
fn cuda_is_installed_beside_and_stays() {
    let machine = Machine::new();
    machine.setup(&[]).assert().success();
    machine.setup(&[]).arg("--cuda").assert().success();
    machine.setup(&[]).assert().success();
    assert_eq!(machine.installations(), 2);
    let current = machine.libtorch("current");
    assert_eq!(fs::read_link(&current).expect("a link"), Path::new("cuda-2.11.0/torch"));
    assert!(current.join("lib/libtorch_cuda.so").exists());
}

#[test]
fn other_pins_or_a_damaged_folder_are_replaced() {
    let machine = Machine::new();
    machine.setup(&[]).assert().success();
    let stamp = machine.libtorch("cpu-2.11.0/installed.txt");
    fs::write(&stamp, "torch==2.10.0").expect("a stamp");
    machine.setup(&[]).assert().success();
    assert_eq!(machine.installations(), 2);
    let pins = fs::read_to_string(stamp).expect("a stamp");
    assert!(pins.contains("torch==2.11.0"), "{pins}");
}

#[test]
fn a_killed_installation_is_done_again() {
    let machine = Machine::new();
    let killed = machine.setup(&[("FAKE_PIP", "killed")]).status().expect("xtask starts");
    assert_eq!(killed.code(), None, "ended by a signal");
    assert!(machine.libtorch("cpu-2.11.0.partial").exists());
    assert!(!machine.libtorch("cpu-2.11.0").exists());

    machine.setup(&[]).assert().success();
    assert!(!machine.libtorch("cpu-2.11.0.partial").exists());
    assert!(machine.libtorch("current/lib/libtorch_cpu.so").exists());
}

#[test]
fn two_setups_take_turns() {
    let machine = Machine::new();
    fs::create_dir_all(machine.libtorch("")).expect("a folder");
    let lock = File::create(machine.libtorch("lock")).expect("a lock");
    lock.lock().expect("locked");

    let mut second = machine.setup(&[]).stdout(Stdio::piped()).spawn().expect("xtask starts");
    let mut lines = BufReader::new(second.stdout.take().expect("a pipe")).lines();
    let first_line = lines.next().expect("a line").expect("text");
    assert!(first_line.starts_with("waiting for another"), "{first_line}");
    assert_eq!(machine.installations(), 0);

    lock.unlock().expect("unlocked");
    lines.for_each(drop);
    assert!(second.wait().expect("an end").success());
    assert_eq!(machine.installations(), 1);
}

#[test]
fn failures_say_what_to_do() {
    let pip_failures = [
        ("missing", &["found no pip 20.3", "apt install python3-pip"]),
        ("old", &["found no pip 20.3", "apt install python3-pip"]),
        ("offline", &["cannot reach the package index", "network"]),
        ("lacking", &["lacks a pinned wheel", "mirror"]),
        ("changed", &["differs from the pinned one", "pip cache purge"]),
        ("full", &["disk is full", "free some space"]),
        ("broken", &["pip failed", "messages above"]),
    ];
    for (behaviour, parts) in pip_failures {
        let machine = Machine::new();
        check_failure(&machine, &[("FAKE_PIP", behaviour)], parts);
        check_failure(&machine, &[("FAKE_PIP", behaviour)], &["set LIBTORCH"]);
        machine.setup(&[]).assert().success(); // once it is mended
    }
    let bare = Machine::with_tools(&[]);
    check_failure(&bare, &[], &["found no pip", "`python3 -m pip`", "`pip`"]);

    let machine = Machine::new();
    check_failure(&machine, &[("FAKE_FREE", "1048576")], &["1024 MiB free", "free 2500 MiB"]);
    check_failure(&machine, &[("FAKE_GLIBC", "2.17")], &["glibc 2.28", "2.17", "set LIBTORCH"]);
    assert_eq!(machine.installations(), 0);
}

#[test]
fn an_own_libtorch_is_linked() {
    let machine = Machine::new();
    let own = machine.own_libtorch("2.11.0");
    machine.setup(&[("LIBTORCH", &own)]).assert().success();
    let current = machine.libtorch("current");
    assert_eq!(fs::read_link(&current).expect("a link"), Path::new(&own));

    // It stays when the variable is gone, until the folder goes too.
    machine.setup(&[]).assert().success();
    assert_eq!(machine.installations(), 0);
    fs::remove_dir_all(&own).expect("removed");
    machine.setup(&[]).assert().success();
    assert_eq!(machine.installations(), 1);

    let own = machine.own_libtorch("2.11.0");
    let python = [("LIBTORCH_USE_PYTORCH", "1"), ("FAKE_TORCH", &own)];
    machine.setup(&python).assert().success();
    assert_eq!(fs::read_link(&current).expect("a link"), Path::new(&own));
}

/// LIBTORCH may name the link through a link to its folder; the installation must not be lost.
#[cfg(unix)]
#[test]
fn link_by_another_path_stays() {
    let machine = Machine::new();
    machine.setup(&[]).assert().success();
    let other = machine.path("other");
    std::os::unix::fs::symlink(machine.libtorch(""), &other).expect("a link");
    let by_other_path = other.join("current");
    machine.setup(&[("LIBTORCH", by_other_path.to_str().expect("a plain path"))]).assert().success();
    let current = machine.libtorch("current");
    assert_eq!(fs::read_link(current).expect("a link"), Path::new("cpu-2.11.0/torch"));
    assert_eq!(machine.installations(), 1);
}

#[test]
fn an_own_libtorch_is_checked() {
    let machine = Machine::new();
    let old = machine.own_libtorch("2.6.0");
    check_failure(&machine, &[("LIBTORCH", &old)], &["LIBTORCH", "is libtorch 2.6.0", "needs 2.11.0", "unset"]);
    check_failure(&machine, &[("LIBTORCH", "/nowhere")], &["no folder /nowhere", "unset"]);
    check_failure(&machine, &[("LIBTORCH", "somewhere")], &["absolute path"]);
    check_failure(&machine, &[("LIBTORCH_USE_PYTORCH", "1")], &["`python3` has no package torch", "unset"]);
    let empty = machine.path("bin");
    let empty = empty.to_str().expect("a plain path");
    check_failure(&machine, &[("LIBTORCH", empty)], &["no lib/libtorch_cpu.so"]);
    assert_eq!(machine.installations(), 0);

    let own = machine.own_libtorch("2.11.0");
    let output = machine.setup(&[("LIBTORCH", &own)]).arg("--cuda").output().expect("xtask starts");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(messages.contains("without CUDA"), "{messages}");
}

#[test]
fn a_folder_in_place_of_the_link_is_left_alone() {
    let machine = Machine::new();
    fs::create_dir_all(machine.libtorch("current/own")).expect("a folder");
    let output = machine.setup(&[]).output().expect("xtask starts");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(messages.contains("move it away"), "{messages}");
    assert!(machine.libtorch("current/own").exists());
}
