//! The page of a run, from whatever is in its folder.

use std::path::Path;

use tch::Device;
use tempfile::TempDir;
use vq_core::Histogram;
use vq_train::report::{Comparison, RunFolder, RunReport, date_time, short_duration, short_number};
use vq_train::{Ending, Event, GroupRecord, Kept, MetricsLog, Record, Reporter, RunDir, RunState};

const CONFIG: &str = "name = \"a\" # <script>alert(1)</script>\nseed = 0\n[train]\nsteps = 20\n";

fn training(step: u64, loss: f64) -> Record {
    let (reconstruction, codebook) = (loss * 0.9, loss * 0.1);
    Record::Train {
        step,
        loss,
        reconstruction: Some(reconstruction),
        codebook: Some(codebook),
        learning_rate: 3e-4,
        images_per_second: 50.0 + step as f64,
        gradient_norm: Some(loss * 2.0),
        terms: [("perceptual".to_owned(), 0.25)].into(),
    }
}

fn validation(step: u64, psnr: f64) -> Record {
    let group =
        |group: &str, size, used| GroupRecord { group: group.into(), size, used, perplexity: 7.5, gini: Some(0.5) };
    let groups = vec![group("adjectives", 20, 15), group("nouns", 30, 6)];
    Record::Validation { step, psnr, ssim: 0.75, ms_ssim: Some(0.875), usage: 0.42, groups, captions: None }
}

fn grid() -> image::RgbImage {
    image::RgbImage::from_pixel(6, 4, image::Rgb([200, 30, 10]))
}

/// A run of two validations, as the trainer leaves it.
fn write_run(folder: &Path, config: &str) -> RunDir {
    let run = RunDir::exact(folder).unwrap();
    std::fs::write(run.config(), config).unwrap();
    std::fs::create_dir(run.path().join("grids")).unwrap();
    let mut log = MetricsLog::open(&run.metrics(), Kept::UpToStep(0)).unwrap();
    for (step, psnr) in [(10, 18.25), (20, 21.5)] {
        log.append(&training(step, 4.0 / step as f64)).unwrap();
        log.append(&validation(step, psnr)).unwrap();
        grid().save(run.grid(step)).unwrap();
    }
    run
}

fn append(run: &RunDir, text: &str) {
    let log = std::fs::read_to_string(run.metrics()).unwrap();
    std::fs::write(run.metrics(), log + text).unwrap();
}

fn page(run: &RunDir) -> String {
    let path = RunReport::write(run).unwrap();
    assert_eq!(path, run.path().join("report.html"));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_page_holds_all_and_needs_nothing_else() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("emoji-001"), CONFIG);
    let page = page(&run);
    for needed in ["emoji-001", "finished", "21.50 dB", "Learning rate", "PSNR", "adjectives", "75.0 %", "steps = 20"] {
        assert!(page.contains(needed), "{needed}");
    }
    // psnr, ssim, ms_ssim, seven of training, two of groups.
    assert_eq!(page.matches("<figure class=\"chart\"").count(), 12);
    // The last grid, and both for the slider.
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), 3);
    assert_eq!(page.matches(" src=").count(), 3);
    for foreign in ["http:", "https:", "<link", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn words_of_a_run_are_no_markup() {
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
fn a_killed_run_and_a_damaged_one_have_a_page() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("run"), &CONFIG.replace("20", "400"));
    append(&run, "{\"kind\":\"train\",\"step\":30,\"loss\":null,\"learning_rate\":0.1}\n");
    append(&run, "no record\n[]\n{\"kind\":\"train\"}\n{\"kind\":\"train\",\"step\":40,\"lo");
    std::fs::write(run.grid(25), "no picture").unwrap();
    let read = RunFolder::read(&run).unwrap();
    assert_eq!(read.sessions.state, RunState::Unknown);
    assert_eq!(read.log.damage.len(), 3, "{:?}", read.log.damage);
    assert!(read.log.damage[0].starts_with("line 6: "), "{:?}", read.log.damage);
    assert_eq!(read.log.last_step(), 30, "the line that was cut is left out");
    assert_eq!(read.log.last_figure("train", "loss"), Some(0.2), "a loss that is no number is a gap");
    let page = page(&run);
    assert!(page.contains("metrics.jsonl, line 6") && page.contains("step-000025.png"));
    assert!(!page.contains("NaN"));
}

#[test]
fn steps_that_a_rollback_took_anew_replace_those_before() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("run"), CONFIG);
    let mut log = MetricsLog::open(&run.metrics(), Kept::UpToStep(20)).unwrap();
    let mut reporter = Reporter::open(&run, Device::Cpu, 0).unwrap();
    let mut tell = |record: Record| {
        log.append(&record).unwrap();
        reporter.record(&record).unwrap();
    };
    tell(training(25, 99.0));
    tell(Record::Event { step: 26, event: Event::RolledBack { to_step: 10, rate_factor: 0.5 } });
    tell(training(15, 0.125));
    let read = RunFolder::read(&run).unwrap();
    let steps: Vec<u64> = read.log.curve("train", "loss").iter().map(|point| point.step).collect();
    assert_eq!(steps, [10, 15]);
    assert_eq!(read.log.last_step(), 15);
    assert_eq!(read.log.last_figure("train", "loss"), Some(0.125));
    assert!(page(&run).contains("back to step 10, with 0.5 of the learning rate"));
}

#[test]
fn a_run_that_has_only_begun_has_a_page() {
    let folder = TempDir::new().unwrap();
    let run = RunDir::exact(&folder.path().join("run")).unwrap();
    std::fs::write(run.config(), CONFIG).unwrap();
    MetricsLog::open(&run.metrics(), Kept::UpToStep(0)).unwrap();
    assert!(page(&run).contains("Nothing is logged yet."));
}

#[test]
fn a_folder_that_is_no_run_is_named_and_stays_as_it_was() {
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
fn a_long_run_makes_no_large_page() {
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

#[test]
fn a_reporter_shows_a_run_from_begin_to_end() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("run"), CONFIG);
    let lock = std::fs::File::create(run.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let mut reporter = Reporter::open(&run, Device::Cpu, 0).unwrap();
    reporter.record(&training(10, 0.5)).unwrap();
    reporter.record(&validation(10, 18.25)).unwrap();
    let codes = Histogram { group: "nouns".into(), codes: 20..50, counts: vec![1; 30] };
    reporter.validation(10, "reconstructions", &grid(), &[codes]).unwrap();
    let event = Event::StepSkipped { reason: "the loss is NaN".into(), in_a_row: 2 };
    reporter.record(&Record::Event { step: 11, event }).unwrap();
    let report = || std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(report().contains("running"));
    reporter.close(20, Ending::Stopped).unwrap();
    assert!(report().contains("state stopped") && report().contains("libtorch"));
    let names = |run: &RunDir| -> Vec<String> {
        let entries = std::fs::read_dir(run.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let events = names(&run).into_iter().find(|name| name.starts_with("events.out.tfevents.")).unwrap();
    let bytes = std::fs::read(run.path().join(events)).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for tag in [
        "train/loss",
        "train/images_per_second",
        "validation/psnr",
        "validation/groups/nouns/perplexity",
        "codes/nouns",
        "reconstructions",
        "skipped, since the loss is NaN (2 in a row)",
        "steps = 20",
    ] {
        assert!(text.contains(tag), "{tag}");
    }
}

#[test]
fn runs_are_compared_by_figures_and_by_keys() {
    let folder = TempDir::new().unwrap();
    let other = "name = \"b\"\nseed = 0\n[train]\nsteps = 40\nextra = [1, 2]\n";
    let runs = [("a-001", CONFIG), ("b-001", other)].map(|(name, config)| {
        let run = write_run(&folder.path().join(name), config);
        RunFolder::read(&run).unwrap()
    });
    let comparison = Comparison { runs: runs.to_vec() };
    let keys = comparison.differing_keys();
    let cells: Vec<_> = keys.iter().map(|row| (row.key.as_str(), row.values.clone())).collect();
    let some = |text: &str| Some(text.to_owned());
    let expected = [("train.extra", vec![None, some("[1, 2]")]), ("train.steps", vec![some("20"), some("40")])];
    assert_eq!(cells, expected);
    let figures = comparison.figures();
    let values = |key: &str| figures.iter().find(|row| row.key == key).unwrap().values.clone();
    assert_eq!(values("psnr"), [some("21.5"), some("21.5")]);
    assert_eq!(values("state"), [some("finished"), some("unknown")]);
    assert_eq!(values("groups/nouns/used"), [some("6"), some("6")]);
    let page = comparison.html();
    assert!(page.contains("a-001") && page.contains("b-001") && page.contains("train.steps"));
    assert!(page.matches("<polyline").count() >= 2 * 7, "a line for each run in each chart");
}

#[test]
fn numbers_and_times_are_short() {
    let numbers = [
        (0.0, "0"),
        (21.346, "21.35"),
        (0.0123456, "0.01235"),
        (1234.5, "1234"),
        (40_000.0, "40k"),
        (999_960.0, "1M"),
        (12_345_678.0, "12.35M"),
        (4.5e-6, "4.5e-6"),
        (-0.25, "-0.25"),
        (100.0, "100"),
        (f64::NAN, "–"),
        (f64::INFINITY, "–"),
    ];
    for (number, text) in numbers {
        assert_eq!(short_number(number), text);
    }
    let times = [(0.4, "0s"), (59.6, "1m 0s"), (153.0, "2m 33s"), (7_380.0, "2h 3m"), (200_000.0, "2d 7h")];
    for (seconds, text) in times {
        assert_eq!(short_duration(seconds), text);
    }
    assert_eq!(date_time(1_764_086_419.0), "2025-11-25 16:00");
    assert_eq!([f64::NAN, -1.0, 1e300].map(date_time)[2], "–");
}
