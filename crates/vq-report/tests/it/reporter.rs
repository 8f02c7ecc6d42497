//! A run that is reported while it trains.

use tempfile::TempDir;
use vq_report::{Reporter, RunContents};
use vq_run::{Ending, Event, Kept, MetricsLog, Record, RunDir};

use crate::support::{CONFIG, environment, grid, page, training, validation, write_run};

#[test]
fn reporter_writes_page_and_event_file_from_begin_to_end() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("run"), CONFIG);
    let _lock = run.lock().unwrap();
    let mut reporter = Reporter::open(&run, environment(), 0).unwrap();
    reporter.record(&training(10, 0.5)).unwrap();
    reporter.record(&validation(10, 18.25)).unwrap();
    reporter.validation(10, Some(("reconstructions", &grid())), &[("nouns", &[1; 30])]).unwrap();
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
        "step skipped: the loss is NaN (2 in a row)",
        "steps = 20",
    ] {
        assert!(text.contains(tag), "{tag}");
    }
}

#[test]
fn steps_after_a_rollback_replace_earlier_ones() {
    let folder = TempDir::new().unwrap();
    let run = write_run(&folder.path().join("run"), CONFIG);
    let mut log = MetricsLog::open(&run.metrics(), Kept::UpToStep(20)).unwrap();
    let mut reporter = Reporter::open(&run, environment(), 0).unwrap();
    let mut log_and_report = |record: Record| {
        log.append(&record).unwrap();
        reporter.record(&record).unwrap();
    };
    log_and_report(training(25, 99.0));
    log_and_report(Record::Event { step: 26, event: Event::RolledBack { to_step: 10, rate_factor: 0.5 } });
    log_and_report(training(15, 0.125));
    let read = RunContents::read(&run).unwrap();
    let steps: Vec<u64> = read.log.curve("train", "loss").iter().map(|point| point.step).collect();
    assert_eq!(steps, [10, 15]);
    assert_eq!(read.log.last_step(), 15);
    assert_eq!(read.log.last_figure("train", "loss"), Some(0.125));
    assert!(page(&run).contains("rolled back to step 10; the learning rate is multiplied by 0.5"));
}
