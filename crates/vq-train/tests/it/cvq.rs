//! Codes that move where they are needed.

use std::path::Path;

use tch::Tensor;
use tempfile::TempDir;
use vq_train::{Plan, RunDir, Trainer};

use crate::support::{StopAfter, tiny};

const CVQ: [&str; 3] = ["quantizer.kind=cvq", "quantizer.codes=24", "quantizer.width=4"];

fn begin(folder: &Path) -> Trainer {
    Trainer::begin(Plan::resolve(tiny(&CVQ)).unwrap(), || RunDir::exact(folder)).unwrap()
}

fn tensors(folder: &Path) -> Vec<(String, Tensor)> {
    let mut tensors = Tensor::read_safetensors(folder.join("checkpoint.safetensors")).unwrap();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

/// The moves draw at random, and the use so far is state: both must be there again.
#[test]
fn a_stopped_run_goes_on_as_if_nothing_had_been() {
    let folder = TempDir::new().unwrap();
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    begin(&whole).run(&mut StopAfter(u64::MAX)).unwrap();
    begin(&cut).run(&mut StopAfter(3)).unwrap();
    Trainer::resume(RunDir::existing(&cut)).unwrap().run(&mut StopAfter(u64::MAX)).unwrap();
    for ((name, ours), (_, theirs)) in tensors(&cut).iter().zip(&tensors(&whole)) {
        assert!(ours.equal(theirs), "{name} differs");
    }
}

/// New codes lie within 1/24 of zero; the latents, to which unused ones move, do not.
#[test]
fn unused_codes_leave_their_places() {
    let folder = TempDir::new().unwrap();
    let run = folder.path().join("run");
    begin(&run).run(&mut StopAfter(1)).unwrap();
    let found = tensors(&run);
    let codes =
        &found.iter().find(|(name, _)| name.ends_with("codebook.weight") && !name.starts_with("adam")).unwrap().1;
    let far = codes.abs().amax([1], false).gt(0.1).count_nonzero(None).int64_value(&[]);
    assert!(far > 12, "only {far} of 24 codes moved");
}
