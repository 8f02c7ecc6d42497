//! The alarm on code usage.

use tempfile::TempDir;
use vq_run::{Event, Record, UsageRemedy};
use vq_train::{Outcome, TokenizerPlan, TokenizerValidation, TrainError};

use crate::support::{StopAfter, begun, plain, records, tiny};

type Ended = Result<Outcome<TokenizerValidation>, TrainError>;

/// The events and the outcome of a run of six steps with windows of two steps.
fn run(overrides: &[&str]) -> (Vec<(u64, Event)>, Ended) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run");
    let overrides = [&["guards.usage.window=2"], overrides].concat();
    let outcome = begun(&path, plain(&overrides)).train(&mut StopAfter(u64::MAX));
    let event = |record| match record {
        Record::Event { step, event } => Some((step, event)),
        _ => None,
    };
    (records(&path).into_iter().filter_map(event).collect(), outcome)
}

/// Step, share, remedy and revived codes of each alarm.
fn alarms(events: &[(u64, Event)]) -> Vec<(u64, f64, UsageRemedy, i64)> {
    let alarm = |(step, event): &(u64, Event)| match event {
        Event::LowUsage { group, share, remedy, revived } => {
            assert_eq!(group, "code");
            (*step, *share, *remedy, *revived)
        }
        other => panic!("{other:?}"),
    };
    events.iter().map(alarm).collect()
}

#[test]
fn alarm_warns_once_for_each_window() {
    let (events, outcome) = run(&["guards.usage.min_share=1.0"]);
    outcome.unwrap();
    let alarms = alarms(&events);
    assert_eq!(alarms.iter().map(|alarm| alarm.0).collect::<Vec<_>>(), [2, 4, 6]);
    assert!(alarms.iter().all(|&(_, share, remedy, _)| share > 0.0 && share < 1.0 && remedy == UsageRemedy::Warn));
    let (events, outcome) = run(&["guards.usage.min_share=0.01"]);
    outcome.unwrap();
    assert!(events.is_empty(), "one of 24 codes is more than a share of 0.01");
}

#[test]
fn alarm_stops_the_run() {
    let (events, outcome) = run(&["guards.usage.min_share=1.0", "guards.usage.remedy=stop"]);
    assert_eq!(alarms(&events).len(), 1);
    let error = outcome.unwrap_err();
    assert!(matches!(error, TrainError::Collapsed { step: 2, .. }), "{error}");
    assert!(error.to_string().contains("expected a window to use at least 1 of the codes of group code"), "{error}");
}

#[test]
fn alarm_revives_codes() {
    let share_at_4 = |remedy: &str| {
        let (events, outcome) = run(&["guards.usage.min_share=1.0", remedy]);
        outcome.unwrap();
        let alarms = alarms(&events);
        (alarms[0].3, alarms.iter().find(|alarm| alarm.0 == 4).map_or(1.0, |alarm| alarm.1))
    };
    let (none, before) = share_at_4("guards.usage.remedy=warn");
    let (revived, after) = share_at_4("guards.usage.remedy=revive");
    assert_eq!(none, 0);
    assert!(revived > 0);
    assert!(after > before, "expected a share above {before}, got {after}");
}

#[test]
fn codes_made_by_a_network_cannot_be_revived() {
    let error = match TokenizerPlan::new(tiny(&["guards.usage={min_share=0.1,remedy='revive'}"])) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    };
    assert!(error.starts_with("config `guards.usage.remedy`: expected `warn` or `stop`"), "{error}");
}
