//! Runs side by side.

use tempfile::TempDir;
use vq_report::{RunContents, RunDiff};

use crate::support::{CONFIG, write_run};

#[test]
fn runs_are_compared_by_figures_and_by_keys() {
    let folder = TempDir::new().unwrap();
    let other = "name = \"b\"\nseed = 0\n[train]\nsteps = 40\nextra = [1, 2]\n";
    let runs = [("a-001", CONFIG), ("b-001", other)].map(|(name, config)| {
        let run = write_run(&folder.path().join(name), config);
        RunContents::read(&run).unwrap()
    });
    let diff = RunDiff { runs: runs.to_vec() };
    let keys = diff.differing_keys();
    let cells: Vec<_> = keys.iter().map(|row| (row.key.as_str(), row.values.clone())).collect();
    let some = |text: &str| Some(text.to_owned());
    let expected = [("train.extra", vec![None, some("[1, 2]")]), ("train.steps", vec![some("20"), some("40")])];
    assert_eq!(cells, expected);
    let figures = diff.figures();
    let values = |key: &str| figures.iter().find(|row| row.key == key).unwrap().values.clone();
    assert_eq!(values("psnr"), [some("21.5"), some("21.5")]);
    assert_eq!(values("state"), [some("finished"), some("unknown")]);
    assert_eq!(values("groups/nouns/used"), [some("6"), some("6")]);
    let page = diff.html();
    assert!(page.contains("a-001") && page.contains("b-001") && page.contains("train.steps"));
    assert!(page.matches("<polyline").count() >= 2 * 7, "a line for each run in each chart");
}
