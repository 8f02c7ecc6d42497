use tempfile::TempDir;
use vq_run::{RunDir, RunError};

#[test]
fn runs_are_numbered_and_never_overwritten() {
    let folder = TempDir::new().unwrap();
    let names: Vec<String> = (0..3)
        .map(|_| RunDir::numbered(folder.path(), "emoji").unwrap())
        .map(|run| run.path().file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["emoji-001", "emoji-002", "emoji-003"]);
    let taken = folder.path().join("emoji-002");
    let error = RunDir::exact(&taken).unwrap_err();
    assert!(matches!(&error, RunError::Exists { path } if *path == taken), "{error}");
    assert!(error.to_string().contains("never overwritten"));
}

#[test]
fn error_names_folder_that_cannot_be_created() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = RunDir::exact(&folder.path().join("file/run")).unwrap_err().to_string();
    assert!(error.contains("make folder") && error.contains("file"), "{error}");
}

#[test]
fn folder_is_locked_by_one_process_at_a_time() {
    let folder = TempDir::new().unwrap();
    let run = RunDir::existing(folder.path());
    let lock = run.lock().unwrap();
    let error = run.lock().unwrap_err();
    assert!(matches!(&error, RunError::Locked { path } if path == folder.path()), "{error}");
    drop(lock);
    run.lock().unwrap();
}
