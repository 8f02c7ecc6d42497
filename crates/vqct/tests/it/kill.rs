//! `kill -9` and Ctrl-C, then `--resume`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{TINY, raw_vqct, vqct};

/// The records of the log without what depends on the clock.
fn figures(run: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    text.lines().map(|line| line.split(",\"images_per_second\"").next().unwrap().to_owned()).collect()
}

/// Starts training into `cut` and sends `signal` once `steps` steps are in the log.
fn interrupted(folder: &Path, signal: &str, steps: usize) -> std::process::ExitStatus {
    let mut child = raw_vqct(folder)
        .args(["train", "--config", "long.toml", "--out", "cut"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let log = folder.join("cut/metrics.jsonl");
    while std::fs::read_to_string(&log).map_or(0, |text| text.lines().count()) < steps {
        assert_eq!(child.try_wait().unwrap(), None, "training ended before it could be interrupted");
        std::thread::yield_now();
    }
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    child.wait().unwrap()
}

fn check(signal: &str, ends_well: bool) {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    // Checkpoints at every third step, so that the log runs ahead of them.
    let long = TINY.replace("steps = 4", "steps = 20").replace("checkpoint_every = 1", "checkpoint_every = 3");
    std::fs::write(folder.join("long.toml"), long).unwrap();
    let timeout = Duration::from_secs(600);
    vqct(folder).args(["train", "--config", "long.toml", "--out", "whole"]).timeout(timeout).assert().success();
    let status = interrupted(folder, signal, 8);
    assert_eq!(status.success(), ends_well);
    assert!(figures(&folder.join("cut")).len() < 21, "it was not cut");
    vqct(folder).args(["train", "--resume", "cut"]).timeout(timeout).assert().success();
    assert_eq!(figures(&folder.join("cut")), figures(&folder.join("whole")));
}

#[test]
fn a_killed_run_ends_with_the_same_losses() {
    check("-KILL", false);
}

#[test]
fn ctrl_c_saves_and_the_run_ends_with_the_same_losses() {
    check("-INT", true);
}
