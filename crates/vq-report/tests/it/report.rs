//! The page of a run, made from the files of its folder.

use tempfile::TempDir;
use vq_report::{RunContents, RunReport};
use vq_run::{Kept, MetricsLog, RunDir, RunState};

use crate::support::{CONFIG, append, grid, page, training, write_run};

#[test]
fn page_is_complete_and_needs_no_other_file() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("emoji-001"), CONFIG);
    let page = page(&run);
    for needed in ["emoji-001", "finished", "21.50 dB", "Learning rate", "PSNR", "adjectives", "75.0 %", "steps = 20"] {
        assert!(page.contains(needed), "{needed}");
    }
    // `psnr`, `ssim`, `ms_ssim`, seven of training, two of groups.
    assert_eq!(page.matches("<figure class=\"chart\"").count(), 12);
    // The last grid, and both grids for the slider.
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), 3);
    assert_eq!(page.matches(" src=").count(), 3);
    for foreign in ["http:", "https:", "<link", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn texts_of_a_run_are_escaped() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("a&b<i>"), CONFIG);
    append(&run, "{\"kind\":\"event\",\"step\":12,\"what\":\"norm > 9 </td><script>alert(2)</script>\"}\n");
    append(&run, "{\"kind\":\"train\",\"step\":13,\"<b>x</b>\":1}\n");
    let page = page(&run);
    assert_eq!(page.matches("<script").count(), 1, "only the page's own");
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("&lt;script&gt;alert(2)"));
    assert!(page.contains("a&amp;b&lt;i&gt;") && !page.contains("<b>x"));
}

#[test]
fn killed_or_damaged_run_has_a_page() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("run"), &CONFIG.replace("20", "400"));
    append(&run, "{\"kind\":\"train\",\"step\":30,\"loss\":null,\"learning_rate\":0.1}\n");
    append(&run, "not JSON\n[]\n{\"kind\":\"train\"}\n{\"kind\":\"train\",\"step\":40,\"lo");
    std::fs::write(run.grid(25), "not a PNG").unwrap();
    let read = RunContents::read(&run).unwrap();
    assert_eq!(read.sessions.state, RunState::Unknown);
    assert_eq!(read.log.damage.len(), 3, "{:?}", read.log.damage);
    assert!(read.log.damage[0].starts_with("line 6: "), "{:?}", read.log.damage);
    assert_eq!(read.log.last_step(), 30, "the truncated line is left out");
    assert_eq!(read.log.last_figure("train", "loss"), Some(0.2), "a loss that is not a number is a gap");
    let page = page(&run);
    assert!(page.contains("metrics.jsonl, line 6") && page.contains("step-000025.png"));
    assert!(!page.contains("NaN"));
}

#[test]
fn run_without_records_has_a_page() {
    let folder = TempDir::new().unwrap();
    let run = RunDir::exact(&folder.path().join("run")).unwrap();
    std::fs::write(run.config(), CONFIG).unwrap();
    MetricsLog::open(&run.metrics(), Kept::UpToStep(0)).unwrap();
    assert!(page(&run).contains("Nothing is logged yet."));
}

#[test]
fn error_names_missing_config_and_leaves_the_folder_unchanged() {
    let folder = TempDir::new().unwrap();
    let run = RunDir::existing(folder.path());
    let error = RunReport::write(&run).unwrap_err().to_string();
    assert!(error.contains("read") && error.contains("config.toml"), "{error}");
    std::fs::write(run.config(), "no = = toml").unwrap();
    let error = RunReport::write(&run).unwrap_err().to_string();
    assert!(error.contains("config.toml: "), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn page_of_a_long_run_is_small() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("run"), CONFIG);
    let lines = (21..5000).map(|step| serde_json::to_string(&training(step, 1.0 / step as f64)).unwrap() + "\n");
    append(&run, &lines.collect::<String>());
    for step in 21..80 {
        grid().save(run.grid(step)).unwrap();
    }
    let page = page(&run);
    assert!(page.len() < 300_000, "{}", page.len());
    assert_eq!(page.matches(" src=").count(), 17);
    assert!(page.contains("data-step=\"10\"") && page.contains("data-step=\"79\""), "first and last");
}
