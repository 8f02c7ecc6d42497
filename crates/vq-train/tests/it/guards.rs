//! Skipped steps, rollbacks, and runs that end because steps are not finite.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vq_experiment::Experiment;
use vq_pipeline::{Checkpoint, CheckpointHeader};
use vq_run::{Event, Record, RunDir};
use vq_train::{Outcome, RunEnd, TokenizerRun, TokenizerValidation, TrainError};

use crate::poison::poisoned;
use crate::support::{StopAfter, assert_equal, begun, plain, plan, records};

/// Trains at most `steps` steps, with a loss that is NaN at the passes in `bad`.
fn run(
    folder: &Path,
    experiment: Experiment,
    bad: RangeInclusive<u64>,
    steps: u64,
) -> Result<Outcome<TokenizerValidation>, TrainError> {
    let state = poisoned(&experiment, bad);
    TokenizerRun::begin_with(plan(experiment), state, || RunDir::exact(folder))?.train(&mut StopAfter(steps))
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

fn last_header(run: &Path) -> CheckpointHeader {
    Checkpoint::open(&newest(run)).unwrap().header().clone()
}

#[test]
fn step_that_is_not_finite_changes_nothing_and_is_logged_once() {
    for (accumulate, bad) in [(1, 1), (2, 6)] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("run");
        let accumulates = format!("train.accumulate={accumulate}");
        let experiment =
            plain(&["train.ema_decay=0.9", "train.checkpoint_every=1", "train.keep_checkpoints=9", &accumulates]);
        let wrong: u64 = if accumulate == 1 { bad } else { 3 };
        run(&path, experiment.clone(), bad..=bad, wrong).unwrap();
        let header = last_header(&path);
        assert_eq!((header.step, header.micro_batches), (wrong, wrong * accumulate));
        assert_eq!((header.guards.skipped, header.guards.skipped_in_a_row), (1, 1));
        assert_eq!(header.optimizer_steps["tokenizer"], wrong - 1);
        assert_equal(&newest(&path), &path.join(format!("checkpoints/step-{:06}.safetensors", wrong - 1)));
        assert_eq!(events(&path), [(wrong, skipped(1))]);

        // The following steps are good.
        let whole = folder.path().join("whole");
        let outcome = run(&whole, experiment, bad..=bad, u64::MAX).unwrap();
        assert_eq!((outcome.step, outcome.end), (6, RunEnd::Finished));
        assert_eq!(events(&whole), [(wrong, skipped(1))]);
        let header = last_header(&whole);
        assert_eq!((header.guards.skipped, header.guards.skipped_in_a_row), (1, 0));
    }
}

#[test]
fn too_many_skips_roll_back_with_a_lower_rate() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run");
    let experiment =
        plain(&["train.checkpoint_every=1", "guards.max_skips=3", "guards.backoff=0.5", "schedule.warmup=0"]);
    let outcome = run(&path, experiment, 3..=5, u64::MAX).unwrap();
    assert_eq!((outcome.step, outcome.end), (6, RunEnd::Finished));
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
    let header = last_header(&path);
    // Steps 3 to 5 were taken twice, each time with other data.
    assert_eq!((header.step, header.micro_batches, header.guards.rollbacks), (6, 9, 1));
    assert_eq!(header.optimizer_steps["tokenizer"], 6);
}

#[test]
fn run_without_remedy_ends_with_an_error() {
    let folder = TempDir::new().unwrap();
    let refused = |name: &str, overrides: &[&str]| {
        let experiment = plain(&[&["train.checkpoint_every=1", "guards.max_skips=2"], overrides].concat());
        let path = folder.path().join(name);
        let error = run(&path, experiment, 3..=u64::MAX, u64::MAX).unwrap_err();
        assert!(matches!(error, TrainError::NotFinite { .. }), "{error}");
        assert_eq!(last_header(&path).step, 2, "expected the last good step");
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
fn exploding_weights_end_the_run() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("run");
    let wild = plain(&["schedule.learning_rate=1e30", "guards.max_skips=1", "guards.max_rollbacks=0"]);
    let error = begun(&path, wild).train(&mut StopAfter(u64::MAX)).unwrap_err();
    assert!(matches!(error, TrainError::NotFinite { .. }), "{error}");
    assert!(Checkpoint::open(&newest(&path)).is_ok());
}
