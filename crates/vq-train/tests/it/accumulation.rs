//! Gradients summed over micro-batches.

use std::path::{Path, PathBuf};

use tch::{Kind, Tensor};
use tempfile::TempDir;
use vq_run::Record;

use crate::support::{finished, plain, records, tensors};

/// Trains one step on `accumulate` micro-batches of `batch` images each; returns the run folder.
fn trained(folder: &Path, accumulate: usize, batch: usize) -> PathBuf {
    let run = folder.join(format!("{accumulate}x{batch}"));
    let overrides = [format!("train.accumulate={accumulate}"), format!("data.batch_size={batch}")];
    finished(&run, plain(&[&overrides[0], &overrides[1], "train.steps=1"]));
    run
}

#[test]
fn micro_batches_equal_one_large_batch() {
    let folder = TempDir::new().unwrap();
    let large = trained(folder.path(), 1, 8);
    // Micro-batches of one image are left out: the convolutions sum in another order there, which differs by 5e-6.
    for (accumulate, batch) in [(2, 4), (4, 2)] {
        let small = trained(folder.path(), accumulate, batch);
        // After the first step, Adam's first moment is the gradient times a constant.
        let gradients = |run: &Path| {
            let all = tensors(&run.join("checkpoint.safetensors")).into_iter();
            let flat: Vec<Tensor> =
                all.filter(|(name, _)| name.contains(".first.")).map(|(_, tensor)| tensor.reshape(-1)).collect();
            Tensor::cat(&flat, 0).to_kind(Kind::Double)
        };
        let (ours, theirs) = (gradients(&small), gradients(&large));
        let error = ((ours - &theirs).norm() / theirs.norm()).double_value(&[]);
        assert!(error < 1e-6, "{accumulate} x {batch}: gradients differ by {error}, relatively");
        let loss = |run: &Path| match records(run)[0] {
            Record::Train { loss, .. } => loss,
            ref other => panic!("{other:?}"),
        };
        let (ours, theirs) = (loss(&small), loss(&large));
        assert!((ours - theirs).abs() < 1e-6 * theirs, "expected the loss {theirs}, got {ours}");
    }
}
