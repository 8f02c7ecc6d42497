//! `kill -9`, Ctrl-C and a full disk, then `--resume`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{raw_vqct, vqct};

/// How often a run is killed, unless `VQCT_TEST_KILLS` says otherwise.
const KILLS: u64 = 20;

/// Runs equal each other bit for bit where they have as many threads; one is quickest for pictures as small as these.
const THREADS: (&str, &str) = ("OMP_NUM_THREADS", "1");

/// Long enough for whatever a busy machine does to the tests.
const TIMEOUT: Duration = Duration::from_secs(600);

/// A run with all that a checkpoint must hold, on few pictures and without words, so that it begins quickly.
///
/// Checkpoints at every third step, so that the log runs ahead of them.
const LONG: &str = r#"
name = "long"
device = "cpu"
[data]
batch_size = 2
source = { kind = "folder", train = "pictures", validation = { kind = "folder", path = "pictures" } }
transform = { size = 16, background = "random", flip = "random" }
[autoencoder]
channels = 32
multipliers = [1, 1, 1]
residual_blocks = 1
attention_factors = []
latent_channels = 8
[quantizer]
kind = "vq"
codebook_size = 24
codebook_dim = 4
[adversarial]
start = 6
warmup = 3
ramp = 4
discriminator = { kind = "patch", layers = 1, filters = 4 }
lecam = { weight = 0.01, start = 6 }
r1 = { gamma = 1.0, every = 4 }
[optimizer]
clip = 1.0
weight_decay = 0.01
[schedule]
learning_rate = 1e-3
warmup = 5
final_factor = 0.1
[train]
log_every = 1
validate_every = 10
checkpoint_every = 3
accumulate = 2
ema_decay = 0.99
keep_checkpoints = 2
[guards]
usage = { min_share = 1.0, window = 4, remedy = "revive" }
"#;

/// Writes the pictures, and the configuration of a run of so many steps.
fn prepare(folder: &Path, steps: u64) {
    let pictures = folder.join("pictures");
    std::fs::create_dir(&pictures).unwrap();
    for number in 0..10_u8 {
        let picture = image::RgbImage::from_fn(16, 16, |x, y| image::Rgb([x as u8 * 15, y as u8 * 15, number * 25]));
        picture.save(pictures.join(format!("{number}.png"))).unwrap();
    }
    std::fs::write(folder.join("long.toml"), LONG.replace("[train]", &format!("[train]\nsteps = {steps}"))).unwrap();
}

/// The records of the log without what depends on the clock.
fn figures(run: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let timeless = |line: &str| {
        let (before, after) = line.split_once(",\"images_per_second\":").unwrap_or((line, ""));
        format!("{before}{}", after.trim_start_matches(|c: char| c != ',' && c != '}'))
    };
    text.lines().map(timeless).collect()
}

/// Bytes of the tensors of the newest checkpoint; the header before them holds the log's length, which depends on the
/// clock.
fn weights(run: &Path) -> Vec<u8> {
    let bytes = std::fs::read(run.join("checkpoint.safetensors")).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[8 + header..].to_vec()
}

fn assert_same_run(ours: &Path, theirs: &Path) {
    assert_eq!(figures(ours), figures(theirs));
    assert!(weights(ours) == weights(theirs), "the weights differ");
}

/// Trains without a break.
fn whole(folder: &Path, steps: u64) -> PathBuf {
    prepare(folder, steps);
    finish(folder, &["--config", "long.toml", "--out", "whole"]);
    folder.join("whole")
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = raw_vqct(folder);
    command.arg("train").args(arguments).env(THREADS.0, THREADS.1);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Runs to the end.
fn finish(folder: &Path, arguments: &[&str]) {
    let mut command = vqct(folder);
    command.arg("train").args(arguments).env(THREADS.0, THREADS.1).timeout(TIMEOUT).assert().success();
}

fn begin(folder: &Path) -> Child {
    start(folder, &["--config", "long.toml", "--out", "cut"])
}

fn send(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// Waits until the log of `cut` has grown to so many lines; none if the run ended before.
fn wait_for(child: &mut Child, folder: &Path, lines: usize) -> Option<ExitStatus> {
    let log = folder.join("cut/metrics.jsonl");
    let ready = || {
        let found = std::fs::read_to_string(&log).map_or(0, |text| text.lines().count());
        folder.join("cut/checkpoint.safetensors").exists() && found >= lines
    };
    while !ready() {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::yield_now();
    }
    None
}

/// A seeded draw below `limit` (SplitMix64).
fn draw(state: &mut u64, limit: u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed ^ (mixed >> 27)) % limit
}

/// Each process takes a random number of steps, waits a random moment, and is killed wherever it is then.
#[test]
fn run_killed_twenty_times_ends_with_the_same_weights() {
    let kills: u64 = std::env::var("VQCT_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    // A process adds four lines to the log, and what it does while the spin below lasts.
    let whole = whole(folder, 8 * kills + 20);
    let mut state = 7;
    let mut child = begin(folder);
    wait_for(&mut child, folder, 0);
    for kill in 0..kills {
        // With no more lines than before, a process may be killed while it still cuts the log back to the checkpoint.
        let lines = figures(&folder.join("cut")).len() + draw(&mut state, 5) as usize;
        assert_eq!(wait_for(&mut child, folder, lines), None, "the run ended before kill {kill}");
        for _ in 0..draw(&mut state, 3_000_000) {
            std::hint::spin_loop();
        }
        send(&child, "-KILL");
        child.wait().unwrap();
        child = start(folder, &["--resume", "cut"]);
    }
    assert!(child.wait().unwrap().success());
    assert_same_run(&folder.join("cut"), &whole);
}

#[test]
fn run_interrupted_by_ctrl_c_ends_with_the_same_weights() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let whole = whole(folder, 20);
    let mut child = begin(folder);
    assert_eq!(wait_for(&mut child, folder, 8), None);
    send(&child, "-INT");
    assert!(child.wait().unwrap().success());
    assert!(figures(&folder.join("cut")).len() < figures(&whole).len(), "the run was not interrupted");
    finish(folder, &["--resume", "cut"]);
    assert_same_run(&folder.join("cut"), &whole);
}

#[test]
fn second_run_in_a_folder_is_refused_until_the_first_is_killed() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    prepare(folder, 100_000);
    let mut child = begin(folder);
    assert_eq!(wait_for(&mut child, folder, 1), None);
    let second = vqct(folder).args(["train", "--resume", "cut"]).timeout(TIMEOUT).output().unwrap();
    send(&child, "-KILL");
    child.wait().unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{error}");
    assert!(error.contains("run folder cut: expected no process that trains in it"), "{error}");
    let mut third = start(folder, &["--resume", "cut"]);
    let lines = figures(&folder.join("cut")).len();
    assert_eq!(wait_for(&mut third, folder, lines + 4), None);
    send(&third, "-KILL");
    third.wait().unwrap();
}

/// A limit on the size of files does to a checkpoint what a full disk does: the write fails half way.
#[cfg(unix)]
#[test]
fn checkpoint_that_cannot_be_written_leaves_the_previous_one() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    prepare(folder, 30);
    let mut child = begin(folder);
    assert_eq!(wait_for(&mut child, folder, 8), None);
    send(&child, "-INT");
    assert!(child.wait().unwrap().success());
    let before = std::fs::read(folder.join("cut/checkpoint.safetensors")).unwrap();
    let program = assert_cmd::cargo::cargo_bin!("vqct");
    // 512 or 1024 bytes a block: less than a checkpoint, more than the log.
    let script = "trap '' XFSZ; ulimit -f 200; exec \"$0\" train --resume cut";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(program)
        .env(THREADS.0, THREADS.1)
        .current_dir(folder)
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("error: write ") && error.contains(".safetensors"), "{error}");
    assert!(std::fs::read(folder.join("cut/checkpoint.safetensors")).unwrap() == before);
    finish(folder, &["--resume", "cut"]);
}
