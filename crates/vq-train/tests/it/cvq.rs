//! CVQ-VAE: codes that are rarely used move to latents.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vq_run::RunDir;
use vq_train::{TokenizerPlan, TokenizerRun};

use crate::support::{StopAfter, assert_equal, pictures, tensors, tiny_folder};

const CVQ: [&str; 3] = ["quantizer.kind=cvq", "quantizer.codebook_size=24", "quantizer.codebook_dim=4"];

fn begin(images: &Path, run: &Path) -> TokenizerRun {
    TokenizerRun::begin(TokenizerPlan::new(tiny_folder(images, &CVQ)).unwrap(), || RunDir::exact(run)).unwrap()
}

fn checkpoint(run: &Path) -> PathBuf {
    run.join("checkpoint.safetensors")
}

/// The moves are random, and the use of codes so far is state: both must be restored.
#[test]
fn resumed_run_equals_uninterrupted_run() {
    let (images, folder) = (pictures(), TempDir::new().unwrap());
    let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
    begin(images.path(), &whole).train(&mut StopAfter(u64::MAX)).unwrap();
    begin(images.path(), &cut).train(&mut StopAfter(3)).unwrap();
    TokenizerRun::resume(RunDir::existing(&cut)).unwrap().train(&mut StopAfter(u64::MAX)).unwrap();
    assert_equal(&checkpoint(&cut), &checkpoint(&whole));
}

/// Initial codes lie within 1/24 of zero; latents, to which unused codes move, do not.
#[test]
fn unused_codes_move_to_latents() {
    let (images, folder) = (pictures(), TempDir::new().unwrap());
    let run = folder.path().join("run");
    begin(images.path(), &run).train(&mut StopAfter(1)).unwrap();
    let found = tensors(&checkpoint(&run));
    let own = |name: &str| name.starts_with("model.") && name.ends_with("codebook.weight");
    let codes = &found.iter().find(|(name, _)| own(name)).unwrap().1;
    let far = codes.abs().amax([1], false).gt(0.1).count_nonzero(None).int64_value(&[]);
    assert!(far > 12, "expected more than 12 of 24 codes to move, got {far}");
}
