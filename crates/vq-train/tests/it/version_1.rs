//! A checkpoint of version 1, as vqct 0.1 wrote it; `tests/data/make_checkpoint_v1.rs` made the file.

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use tch::{Device, Tensor};
use tempfile::TempDir;
use vq_pipeline::{Checkpoint, TokenizerState};
use vq_run::Record;
use vq_train::RunEnd;

use crate::support::{StopAfter, records, resumed, tensors};

/// A run folder as vqct 0.1 left it after step 3, killed after step 4.
fn old_run(folder: &Path) -> PathBuf {
    let packed = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/checkpoint-v1.safetensors.gz"));
    let mut bytes = Vec::new();
    GzDecoder::new(packed.unwrap().as_slice()).read_to_end(&mut bytes).unwrap();
    let run = folder.join("run");
    std::fs::create_dir(&run).unwrap();
    std::fs::write(run.join("checkpoint.safetensors"), bytes).unwrap();
    std::fs::write(run.join("config.toml"), "name = \"old\"\n").unwrap();
    let line = |step: u64| {
        let rest = r#""codebook":0.5,"learning_rate":0.001,"images_per_second":9.0}"#;
        format!(r#"{{"kind":"train","step":{step},"loss":1.0,"reconstruction":0.5,{rest}"#) + "\n"
    };
    std::fs::write(run.join("metrics.jsonl"), (1..=4).map(line).collect::<String>()).unwrap();
    run
}

#[test]
fn tokenizer_of_version_1_can_be_used() {
    let folder = TempDir::new().unwrap();
    let run = old_run(folder.path());
    let checkpoint = Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap();
    let header = checkpoint.header();
    assert_eq!((header.step, header.micro_batches, header.averaged), (3, 3, false));
    let state = TokenizerState::load(&checkpoint, Device::Cpu).unwrap();
    let saved = tensors(&run.join("checkpoint.safetensors"));
    for (name, variable) in state.store.variables() {
        let saved: &Tensor = &saved.iter().find(|(found, _)| *found == format!("model.{name}")).unwrap().1;
        assert!(variable.equal(saved), "{name}");
    }
}

#[test]
fn resumed_run_of_version_1_writes_the_current_version() {
    let folder = TempDir::new().unwrap();
    let run = old_run(folder.path());
    let old = tensors(&run.join("checkpoint.safetensors"));
    let mut first = resumed(&run);
    assert_eq!(first.steps_taken(), 3);
    first.train(&mut StopAfter(1)).unwrap();
    drop(first);
    let header = Checkpoint::open(&run.join("checkpoint.safetensors")).unwrap().header().clone();
    assert_eq!((header.step, header.micro_batches, header.optimizer_steps["tokenizer"]), (4, 4, 4));
    let new = tensors(&run.join("checkpoint.safetensors"));
    let find = |name: &str| &new.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1;
    for (name, before) in &old {
        let Some(moment) = name.strip_prefix("adam.second.") else { continue };
        // After one more step, the second moment is the old one times a factor, plus the square of a gradient.
        let after = find(&format!("optimizer.tokenizer.second.{moment}"));
        let gained = (after - before * 0.9).min().double_value(&[]);
        assert!(gained > -1e-9, "{name}: expected a square of at least 0, got {gained}");
    }
    let outcome = resumed(&run).train(&mut StopAfter(u64::MAX)).unwrap();
    assert_eq!((outcome.step, outcome.end), (6, RunEnd::Finished));
    let steps: Vec<u64> = records(&run).iter().map(Record::step).collect();
    assert_eq!(steps, [1, 2, 3, 4, 5, 6, 6], "expected step 4 of the old log to be replaced");
}
