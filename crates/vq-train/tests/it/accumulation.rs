//! Gradients summed over micro-batches.

use std::path::Path;

use tch::{Kind, Tensor};
use tempfile::TempDir;
use vq_train::{RunDir, Trainer};

use crate::support::{StopAfter, plain, plan, records, tensors};

/// Trains for some steps with so many micro-batches of so many images.
fn trained(folder: &Path, accumulate: usize, batch: usize) -> std::path::PathBuf {
    let run = folder.join(format!("{accumulate}x{batch}"));
    let overrides = [format!("train.accumulate={accumulate}"), format!("data.batch_size={batch}")];
    let experiment = plain(&[&overrides[0], &overrides[1], "train.steps=1"]);
    let mut trainer = Trainer::begin(plan(experiment), || RunDir::exact(&run)).unwrap();
    trainer.run(&mut StopAfter(u64::MAX)).unwrap();
    run
}

#[test]
fn micro_batches_equal_one_large_batch() {
    let folder = TempDir::new().unwrap();
    let large = trained(folder.path(), 1, 8);
    // Of single images the convolutions choose another order of sums, which is off by 5e-6.
    for (accumulate, batch) in [(2, 4), (4, 2)] {
        let small = trained(folder.path(), accumulate, batch);
        // Adam's first moment after a step is the gradient, but for a factor.
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
            vq_train::Record::Train { loss, .. } => loss,
            ref other => panic!("{other:?}"),
        };
        let (ours, theirs) = (loss(&small), loss(&large));
        assert!((ours - theirs).abs() < 1e-6 * theirs, "{ours} is not {theirs}");
    }
}
