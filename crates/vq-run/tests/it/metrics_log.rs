//! `metrics.jsonl`.

use tempfile::TempDir;
use vq_run::{Event, Kept, MetricsLog, Record};

fn records(steps: &[u64]) -> Vec<Record> {
    let record = |&step| Record::Classification { step, figures: [("object_f1".to_owned(), 0.5)].into() };
    steps.iter().map(record).collect()
}

#[test]
fn reopened_log_keeps_records_up_to_a_step_or_a_length() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("metrics.jsonl");
    let mut log = MetricsLog::open(&path, Kept::Bytes(0)).unwrap();
    let mut lengths = Vec::new();
    for record in records(&[2, 4, 3, 6]) {
        log.append(&record).unwrap();
        lengths.push(log.length());
    }
    assert_eq!(std::fs::metadata(&path).unwrap().len(), lengths[3]);
    // A crash cut the last line.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + "{\"kind\":\"train\",\"st").unwrap();
    assert_eq!(MetricsLog::read(&path).unwrap(), records(&[2, 4, 3, 6]));

    let log = MetricsLog::open(&path, Kept::Bytes(lengths[2])).unwrap();
    assert_eq!(log.length(), lengths[2]);
    assert_eq!(MetricsLog::read(&path).unwrap(), records(&[2, 4, 3]));
    MetricsLog::open(&path, Kept::UpToStep(3)).unwrap();
    assert_eq!(MetricsLog::read(&path).unwrap(), records(&[2, 3]));
}

#[test]
fn error_names_the_line_that_is_not_a_record() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("metrics.jsonl");
    let record = Record::Event { step: 1, event: Event::ReportFailed { reason: "no space".into() } };
    MetricsLog::open(&path, Kept::Bytes(0)).unwrap().append(&record).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + "{\"kind\":\"other\",\"step\":2}\n").unwrap();
    let error = MetricsLog::read(&path).unwrap_err().to_string();
    assert!(error.contains("metrics.jsonl:2: expected a record, got unknown variant `other`"), "{error}");
}

#[test]
fn records_of_earlier_versions_are_read() {
    let validation = r#"{"kind":"validation","step":8,"psnr":21.5,"ssim":0.75,"usage":0.4,"groups":[
        {"group":"noun","size":30,"used":12,"perplexity":7.5}]}"#;
    let Record::Validation { images, groups, captions: None, .. } = serde_json::from_str(validation).unwrap() else {
        panic!("another record")
    };
    assert_eq!(images, [("psnr".to_owned(), 21.5), ("ssim".to_owned(), 0.75)].into());
    assert_eq!(groups[0].gini, None);
    let train = r#"{"kind":"train","step":1,"loss":1.5,"reconstruction":1.0,"codebook":0.5,"learning_rate":1e-3,
        "images_per_second":20.0}"#;
    let Record::Train { gradient_norm: None, terms, .. } = serde_json::from_str(train).unwrap() else {
        panic!("another record")
    };
    assert!(terms.is_empty());
}
