//! Experiments, images and comparisons that the tests share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{Rgb, RgbImage, Rgba, RgbaImage};
use tempfile::TempDir;
use vq_data::{DataError, ImageSource, Sample};
use vq_experiment::{Experiment, ExperimentFile, Images};
use vq_run::{MetricsLog, Record, RunDir};
use vq_train::{TokenizerPlan, TokenizerRun, TrainingObserver};

/// An experiment that trains for seconds: small images, small network.
pub(crate) const TINY: &str = r#"
name = "tiny"
device = "cpu"

[data]
batch_size = 2
source = { kind = "emoji" }
transform = { size = 16, background = "random", flip = "random" }

[autoencoder]
channels = 32
multipliers = [1, 1, 1]
residual_blocks = 1
attention_factors = []
latent_channels = 8

[quantizer]
kind = "vqct"
prior = { source = "embedded", max_adjectives = 20, max_nouns = 30 }
transfer = { hidden = 8, dropout = 0.5 }
codebook_dim = 4

[schedule]
learning_rate = 1e-3
warmup = 2

[train]
steps = 6
log_every = 1
validate_every = 6
checkpoint_every = 2
"#;

pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// [`TINY`] with overrides.
pub(crate) fn tiny(overrides: &[&str]) -> Experiment {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "tiny.toml", TINY);
    let overrides = overrides.iter().map(|text| (*text).to_owned()).collect();
    ExperimentFile { path, overrides }.load().unwrap().experiment
}

/// Stops after a number of steps.
pub(crate) struct StopAfter(pub(crate) u64);

impl TrainingObserver for StopAfter {
    fn step(&mut self, _step: u64) {
        self.0 -= 1;
    }

    fn wants_stop(&self) -> bool {
        self.0 == 0
    }
}

/// A folder of ten images of 20x18.
pub(crate) fn pictures() -> TempDir {
    let folder = TempDir::new().unwrap();
    for number in 0..10_u8 {
        let picture = RgbImage::from_fn(20, 18, |x, y| Rgb([x as u8 * 12, y as u8 * 14, number * 25]));
        picture.save(folder.path().join(format!("{number}.png"))).unwrap();
    }
    folder
}

/// As [`tiny`], on the images of a folder instead of the emoji.
pub(crate) fn tiny_folder(folder: &Path, more: &[&str]) -> Experiment {
    let train = format!("data.source.train={}", toml::Value::String(folder.display().to_string()));
    let source =
        ["data.source.kind=folder", &train, "data.source.validation={ kind = \"held-out\", share = 0.4, seed = 1 }"];
    tiny(&[&source, more].concat())
}

/// A number of small images, each with another colour gradient.
pub(crate) struct Slopes(pub(crate) usize);

impl ImageSource for Slopes {
    fn len(&self) -> usize {
        self.0
    }

    fn get(&self, index: usize) -> Result<Sample, DataError> {
        let step = index as u32 * 7 + 3;
        let colour = |x: u32, y: u32| Rgba([(x * step) as u8, (y * step) as u8, (x + y * step) as u8, 255]);
        let image = RgbaImage::from_fn(16, 16, colour);
        Ok(Sample { id: format!("slope {index}"), image, ..Sample::default() })
    }
}

/// Overrides to plain VQ, which needs no words: quicker than [`tiny`].
pub(crate) const PLAIN: [&str; 4] =
    ["quantizer.kind=vq", "quantizer.codebook_size=24", "quantizer.codebook_dim=4", "train.validate_every=100"];

/// [`TINY`] with the overrides [`PLAIN`] and more.
pub(crate) fn plain(overrides: &[&str]) -> Experiment {
    tiny(&[&PLAIN, overrides].concat())
}

/// Images to train on and to validate on.
pub(crate) fn slopes() -> Images {
    Images::new(Arc::new(Slopes(20)), Arc::new(Slopes(4)))
}

/// The plan of an experiment on [`slopes`].
pub(crate) fn plan(experiment: Experiment) -> TokenizerPlan {
    TokenizerPlan::with_images(experiment, slopes()).unwrap()
}

/// Begins a run of an experiment on [`slopes`] in a new folder.
pub(crate) fn begun(run: &Path, experiment: Experiment) -> TokenizerRun {
    TokenizerRun::begin(plan(experiment), || RunDir::exact(run)).unwrap()
}

/// Resumes a run on [`slopes`].
pub(crate) fn resumed(run: &Path) -> TokenizerRun {
    TokenizerRun::resume_with_images(RunDir::existing(run), slopes()).unwrap()
}

/// Trains an experiment on [`slopes`] to its end in a new folder.
pub(crate) fn finished(run: &Path, experiment: Experiment) {
    begun(run, experiment).train(&mut StopAfter(u64::MAX)).unwrap();
}

/// The log of a run.
pub(crate) fn records(run: &Path) -> Vec<Record> {
    MetricsLog::read(&run.join("metrics.jsonl")).unwrap()
}

/// Tensors of a checkpoint, by name.
pub(crate) fn tensors(checkpoint: &Path) -> Vec<(String, tch::Tensor)> {
    let mut tensors = tch::Tensor::read_safetensors(checkpoint).unwrap();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

/// Asserts that two checkpoints hold the same tensors, bit for bit.
pub(crate) fn assert_equal(ours: &Path, theirs: &Path) {
    let (ours, theirs) = (tensors(ours), tensors(theirs));
    let names = |tensors: &[(String, tch::Tensor)]| tensors.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs));
    for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        assert!(ours.equal(theirs), "{name} differs");
    }
}
