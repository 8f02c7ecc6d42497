//! The state of a run, as its files show it.

use tempfile::TempDir;
use vq_run::{Ending, Environment, RunDir, RunState, Session, Sessions};

fn environment() -> Environment {
    Environment::current("0.1.0", "2.11.0", "CPU", 1)
}

fn begin(run: &RunDir, step: u64) -> Session {
    Session::begin(run, environment(), step).unwrap()
}

fn state(run: &RunDir) -> RunState {
    Sessions::of(run).state
}

#[test]
fn run_states_are_distinguished() {
    let folder = TempDir::new().unwrap();
    let run = RunDir::existing(folder.path());
    assert_eq!(state(&run), RunState::Unknown);

    begin(&run, 0);
    assert_eq!(state(&run), RunState::Killed, "there is no lock");
    let lock = run.lock().unwrap();
    assert_eq!(state(&run), RunState::Running);
    drop(lock); // as the system does it for a process that is killed
    assert_eq!(state(&run), RunState::Killed);

    let ends = [
        (Ending::Stopped, RunState::Stopped),
        (Ending::Failed { message: "no space".into() }, RunState::Failed { message: "no space".into() }),
        (Ending::Finished, RunState::Finished),
    ];
    for (ending, expected) in ends {
        let lock = run.lock().unwrap();
        let session = begin(&run, 3);
        assert_eq!(state(&run), RunState::Running);
        session.end(7, ending).unwrap();
        assert_eq!(state(&run), expected, "also while its process still holds the lock");
        drop(lock);
        assert_eq!(state(&run), expected);
    }
    let sessions = Sessions::of(&run).all;
    assert_eq!(sessions.iter().map(|session| session.step).collect::<Vec<_>>(), [0, 3, 3, 3]);
    assert_eq!(sessions[0].end, None);
    assert_eq!(sessions[3].end.as_ref().unwrap().step, 7);
    assert_eq!(sessions[3].environment, environment());
}

#[test]
fn truncated_line_does_not_spoil_the_next_session() {
    let folder = TempDir::new().unwrap();
    let run = RunDir::existing(folder.path());
    std::fs::write(folder.path().join("sessions.jsonl"), r#"{"event":"begin","time":1.0,"st"#).unwrap();
    assert_eq!(state(&run), RunState::Unknown);
    begin(&run, 0).end(4, Ending::Finished).unwrap();
    assert_eq!(state(&run), RunState::Finished);
    assert_eq!(Sessions::of(&run).all.len(), 1);
}

#[test]
fn training_time_excludes_time_between_sessions() {
    let folder = TempDir::new().unwrap();
    let environment = serde_json::to_string(&environment()).unwrap();
    let begin = |time: f64| format!(r#"{{"event":"begin","time":{time},"step":0,"environment":{environment}}}"#);
    let end = |time: f64| format!(r#"{{"event":"end","time":{time},"step":9,"ending":{{"how":"stopped"}}}}"#);
    let elapsed = |lines: &[String]| {
        std::fs::write(folder.path().join("sessions.jsonl"), lines.join("\n") + "\n").unwrap();
        Sessions::of(&RunDir::existing(folder.path())).elapsed(1000.0)
    };
    assert_eq!(elapsed(&[begin(100.0), end(130.0), begin(500.0), end(520.0)]), 50.0);
    // The last session is running or was killed: its time ends with the last record.
    assert_eq!(elapsed(&[begin(100.0), end(130.0), begin(990.0)]), 40.0);
    // A clock that was set back does not subtract time.
    assert_eq!(elapsed(&[begin(100.0), end(130.0), begin(2000.0)]), 30.0);
    assert_eq!(elapsed(&[]), 0.0);
}
