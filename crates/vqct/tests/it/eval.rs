//! Evaluation and studies on the command line.

use tempfile::TempDir;

use crate::support::{TINY, error_of, train, vqct};

#[test]
fn evaluation_repeats_and_records_its_conditions() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    train(folder);
    let eval = |file: &str| {
        let output = vqct(folder).args(["eval", "--checkpoint", "run", "--json", file]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let printed = eval("first.json");
    assert!(printed.contains("metrics    PSNR ") && printed.contains("captions   none are generated"), "{printed}");
    assert_eq!(eval("second.json"), printed);
    let json = std::fs::read_to_string(folder.join("first.json")).unwrap();
    assert_eq!(json, std::fs::read_to_string(folder.join("second.json")).unwrap());
    for key in ["sha256", "batch_size", "precision", "libtorch", "cpu"] {
        assert!(json.contains(&format!("\"{key}\"")), "{key} is missing in {json}");
    }
    assert!(
        error_of(folder, &["eval", "--checkpoint", "run", "--json", "first.json"])
            .contains("first.json exists already")
    );
    assert!(error_of(folder, &["eval", "--checkpoint", "nowhere"]).contains("nowhere"));
    let wordnet = error_of(folder, &["eval", "--checkpoint", "run", "--wordnet", "nowhere"]);
    assert!(wordnet.contains("nowhere"), "{wordnet}");
}

#[test]
fn evaluations_are_diffed_and_have_pages() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    train(folder);
    let eval = |more: &[&str]| {
        let output = vqct(folder).args(["eval", "--checkpoint", "run"]).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let printed = eval(&["--sliced", "--json", "one.json", "--html", "one.html", "--shown", "3"]);
    assert!(printed.contains("sliced Wasserstein distance"), "{printed}");
    let page = std::fs::read_to_string(folder.join("one.html")).unwrap();
    assert_eq!(page.matches("data:image/png").count(), 6, "three images and their reconstructions");
    for part in ["images · psnr", "conditions · data · sha256", "distances · sliced · mean"] {
        assert!(page.contains(part), "{part} is missing");
    }
    eval(&["--sliced", "--json", "two.json"]);
    eval(&["--json", "three.json"]);
    let diff = |more: &[&str]| vqct(folder).args(["eval", "diff", "one.json"]).args(more).output().unwrap();
    let output = diff(&["two.json"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && table.contains("| images/psnr |"), "{table}");
    let error = error_of(folder, &["eval", "diff", "one.json", "three.json"]);
    assert!(error.contains("equal conditions") && error.contains("conditions/distances/sliced"), "{error}");
    let output = diff(&["three.json", "--mark"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && table.starts_with("**Not comparable"), "{table}");
    let error = error_of(folder, &["eval", "--checkpoint", "run", "--inception", "nowhere.safetensors"]);
    assert!(error.contains("nowhere.safetensors"), "{error}");
}

#[test]
fn study_ends_with_its_table() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("tiny.toml"), TINY.replace("steps = 4", "steps = 1")).unwrap();
    let study = "seeds = [0]\n[[methods]]\nname = \"words\"\nconfig = \"tiny.toml\"\n";
    std::fs::write(folder.join("study.toml"), study).unwrap();
    let run_study = |more: &[&str]| {
        let output = vqct(folder).args(["study", "study.toml", "--out", "runs"]).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run_study(&["--table"]).contains("| words | 0 |"), "nothing is trained yet");
    let printed = run_study(&["--markdown", "table.md"]);
    assert!(printed.contains("1/1 words-0, from step 0") && printed.contains("| words | 1 | "), "{printed}");
    let table = std::fs::read_to_string(folder.join("table.md")).unwrap();
    assert!(printed.ends_with(&format!("\n{table}\n")), "{printed}");
    assert!(!run_study(&[]).contains("from step"), "nothing is trained again");
    let error = error_of(folder, &["study", "study.toml", "--out", "runs", "--markdown", "table.md"]);
    assert!(error.contains("table.md exists already"), "{error}");
}
