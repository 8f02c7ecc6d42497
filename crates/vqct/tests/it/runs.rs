//! `vqct runs`: list, diff, report.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{error_of, train, vqct};

/// A run folder as a crash leaves it: the log's last line is cut.
fn write_run(runs: &Path, name: &str, psnr: f64) {
    let folder = runs.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), format!("name = \"x\"\nseed = {psnr}\n[train]\nsteps = 20\n")).unwrap();
    let log = [
        r#"{"kind":"train","step":10,"loss":0.5,"images_per_second":40.0}"#,
        r#"no record"#,
        &format!(r#"{{"kind":"validation","step":10,"psnr":{psnr:?},"ssim":0.5,"usage":0.25,"groups":[]}}"#),
        r#"{"kind":"train","st"#,
    ];
    std::fs::write(folder.join("metrics.jsonl"), log.join("\n")).unwrap();
}

fn stdout(folder: &Path, arguments: &[&str]) -> String {
    let output = vqct(folder).args(arguments).assert().success().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

fn names(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let rows: Vec<Value> = serde_json::from_str(&stdout(folder, arguments)).unwrap();
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn trained_run_is_listed_and_has_a_page() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    train(folder);
    std::fs::create_dir(folder.join("runs")).unwrap();
    std::fs::rename(folder.join("run"), folder.join("runs/tiny-001")).unwrap();
    let list = stdout(folder, &["runs"]);
    let row = list.lines().nth(1).unwrap();
    assert!(row.starts_with("tiny-001  finished  4/4"), "{list}");
    let printed = stdout(folder, &["runs", "report", "runs/tiny-001"]);
    assert_eq!(printed.trim(), "runs/tiny-001/report.html");
    let page = std::fs::read_to_string(folder.join("runs/tiny-001/report.html")).unwrap();
    assert!(page.contains("adjectives") && page.contains("data:image/png;base64,"));
}

#[test]
fn damaged_and_foreign_folders_are_named_and_skipped() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let runs = folder.join("runs");
    write_run(&runs, "good", 20.0);
    write_run(&runs, "damaged", 21.0);
    std::fs::write(runs.join("damaged/config.toml"), "= 3").unwrap();
    std::fs::create_dir(runs.join("foreign")).unwrap();
    std::fs::write(runs.join("file"), "").unwrap();
    let output = vqct(folder).args(["runs"]).assert().success().get_output().clone();
    let (list, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains("good  unknown  10/20  20.00"), "{list}");
    assert!(errors.contains("skipped runs/damaged: ") && errors.contains("skipped runs/foreign: "), "{errors}");
    assert!(errors.contains("runs/good: 1 lines of metrics.jsonl are no records"), "{errors}");
    assert!(error_of(folder, &["runs", "absent"]).contains("read folder absent"));
    assert!(error_of(folder, &["runs", "report", "runs/foreign"]).contains("config.toml"));
}

#[test]
fn best_run_comes_first() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let runs = folder.join("elsewhere");
    for (name, psnr) in [("a", 20.0), ("b", 22.5), ("c", 21.0)] {
        write_run(&runs, name, psnr);
    }
    assert_eq!(names(folder, &["runs", "elsewhere", "--json"]), ["a", "b", "c"]);
    assert_eq!(names(folder, &["runs", "elsewhere", "--json", "--sort", "psnr"]), ["b", "c", "a"]);
    let rows: Vec<Value> = serde_json::from_str(&stdout(folder, &["runs", "elsewhere", "--json"])).unwrap();
    assert_eq!(rows[1]["psnr"], 22.5);
    assert_eq!(rows[1]["images_per_second"], 40.0);
    assert_eq!(rows[1]["steps"], 20);
}

#[test]
fn runs_are_shown_side_by_side() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_run(folder, "a", 20.0);
    write_run(folder, "b", 22.5);
    let printed = stdout(folder, &["runs", "diff", "a", "b", "--html", "both.html"]);
    let line = |beginning: &str| printed.lines().find(|line| line.starts_with(beginning)).unwrap();
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(cells(line("psnr")), ["psnr", "20", "22.5"]);
    assert_eq!(cells(line("seed")), ["seed", "20", "22.5"]);
    assert!(!printed.contains("train.steps"), "a key that does not differ");
    let page = std::fs::read_to_string(folder.join("both.html")).unwrap();
    assert!(page.contains("<polyline") && page.contains("22.5"));
    let again = error_of(folder, &["runs", "diff", "a", "b", "--html", "both.html"]);
    assert!(again.contains("both.html exists already"), "{again}");
}

#[test]
fn diff_needs_two_runs() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_run(folder, "a", 20.0);
    let output = vqct(folder).args(["runs", "diff", "a", "absent"]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors.contains("skipped absent: ") && errors.contains("expected at least two run folders, got 1"),
        "{errors}"
    );
}

#[test]
fn training_without_terminal_prints_a_line_for_each_record() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("tiny.toml"), crate::support::TINY).unwrap();
    let output = vqct(folder).args(["train", "--config", "tiny.toml", "--out", "run"]).assert().success();
    let errors = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(lines.len(), 4, "{errors}");
    assert!(lines[0].starts_with("step      1/4: loss ") && lines[0].contains("reconstruction "), "{errors}");
    assert!(lines[3].ends_with("images/s, 0s left"), "{errors}");
    assert!(!errors.contains('\u{1b}'), "no control codes in a file");
}
