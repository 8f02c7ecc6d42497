//! What happens when steps go wrong.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vq_train::{Checkpoint, End, Event, Experiment, Outcome, Record, RunDir, TrainError, Trainer};

use crate::poison::poisoned;
use crate::support::{StopAfter, assert_equal, plain, plan, records};

/// Trains with a loss that is NaN at the passes in `bad`.
fn run(folder: &Path, experiment: Experiment, bad: RangeInclusive<u64>, steps: u64) -> Result<Outcome, TrainError> {
    let state = poisoned(&experiment, bad);
    let mut trainer = Trainer::begin_with(plan(experiment), state, || RunDir::exact(folder))?;
    trainer.run(&mut StopAfter(steps))
}

fn events(run: &Path) -> Vec<(u64, Event)> {
    let event = |record| match record {
        Record::Event { step, event } => Some((step, event)),
        _ => None,
    };
    records(run).into_iter().filter_map(event).collect()
}

fn skipped(in_a_row: u64) -> Event {
    Event::StepSkipped { reason: "`codebook` is NaN".into(), in_a_row }
}

fn newest(run: &Path) -> PathBuf {
    run.join("checkpoint.safetensors")
}

#[test]
fn a_step_that_is_no_number_changes_nothing_and_is_told_once() {
    for (accumulate, bad) in [(1, 1), (2, 6)] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("run");
        let accumulates = format!("train.accumulate={accumulate}");
        let experiment = plain(&["train.ema=0.9", "train.checkpoint_every=1", "train.keep=9", &accumulates]);
        let wrong: u64 = if accumulate == 1 { bad } else { 3 };
        run(&path, experiment.clone(), bad..=bad, wrong).unwrap();
        let header = Checkpoint::open(&newest(&path)).unwrap().header().clone();
        assert_eq!((header.step, header.micro_batches), (wrong, wrong * accumulate));
        assert_eq!((header.guards.skipped, header.guards.skipped_in_a_row), (1, 1));
        assert_eq!(header.optimizer_steps["tokenizer"], wrong - 1);
        assert_equal(&newest(&path), &path.join(format!("checkpoints/step-{:06}.safetensors", wrong - 1)));
        assert_eq!(events(&path), [(wrong, skipped(1))]);

        // And the run goes on.
        let whole = folder.path().join("whole");
        let outcome = run(&whole, experiment, bad..=bad, u64::MAX).unwrap();
        assert_eq!((outcome.step, outcome.end), (6, End::Finished));
        assert_eq!(events(&whole), [(wrong, skipped(1))]);
        let header = Checkpoint::open(&newest(&whole)).unwrap().header().clone();
        assert_eq!((header.guards.skipped, header.guards.skipped_in_a_row), (1, 0));
    }
}

#[test]
fn after_too_many_in_a_row_it_goes_back_with_a_lower_rate() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run");
    let experiment =
        plain(&["train.checkpoint_every=1", "guards.max_skips=3", "guards.backoff=0.5", "schedule.warmup=0"]);
    let outcome = run(&path, experiment, 3..=5, u64::MAX).unwrap();
    assert_eq!((outcome.step, outcome.end), (6, End::Finished));
    let back = Event::RolledBack { to_step: 2, rate_factor: 0.5 };
    assert_eq!(events(&path), [(3, skipped(1)), (4, skipped(2)), (5, skipped(3)), (5, back)]);
    let rates: Vec<(u64, f64)> = records(&path)
        .into_iter()
        .filter_map(|record| match record {
            Record::Train { step, learning_rate, .. } => Some((step, learning_rate)),
            _ => None,
        })
        .collect();
    let (full, half) = (1e-3, 0.5e-3);
    assert_eq!(rates, [(1, full), (2, full), (3, half), (4, half), (5, half), (6, half)]);
    let header = Checkpoint::open(&newest(&path)).unwrap().header().clone();
    // Steps 3 to 5 were taken twice, each time with other data.
    assert_eq!((header.step, header.micro_batches, header.guards.rollbacks), (6, 9, 1));
    assert_eq!(header.optimizer_steps["tokenizer"], 6);
}

#[test]
fn where_no_remedy_is_left_it_stops_and_says_so() {
    let folder = TempDir::new().unwrap();
    let refused = |name: &str, overrides: &[&str]| {
        let experiment = plain(&[&["train.checkpoint_every=1", "guards.max_skips=2"], overrides].concat());
        let path = folder.path().join(name);
        let error = run(&path, experiment, 3..=u64::MAX, u64::MAX).unwrap_err();
        assert!(matches!(error, TrainError::NotFinite { .. }), "{error}");
        assert_eq!(Checkpoint::open(&newest(&path)).unwrap().header().step, 2, "the last good step");
        error.to_string()
    };
    let error = refused("stop", &["guards.remedy=stop"]);
    assert!(error.starts_with("step 4: expected finite losses and gradients, got 2 skipped steps in a row"), "{error}");
    assert!(error.contains("`codebook` is NaN") && error.contains("`guards.remedy` is `stop`"), "{error}");
    let error = refused("back", &["guards.max_rollbacks=2"]);
    assert!(error.contains("`guards.max_rollbacks` did not help"), "{error}");
    let backs = events(&folder.path().join("back"));
    assert_eq!(backs.iter().filter(|(_, event)| matches!(event, Event::RolledBack { .. })).count(), 2);
}

#[test]
fn weights_that_explode_are_caught() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run");
    let wild = plain(&["schedule.learning_rate=1e30", "guards.max_skips=1", "guards.max_rollbacks=0"]);
    let mut trainer = Trainer::begin(plan(wild), || RunDir::exact(&path)).unwrap();
    let error = trainer.run(&mut StopAfter(u64::MAX)).unwrap_err();
    assert!(matches!(error, TrainError::NotFinite { .. }), "{error}");
    assert!(Checkpoint::open(&newest(&path)).is_ok());
}
