//! What the tests share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{Rgb, RgbImage, Rgba, RgbaImage};
use tempfile::TempDir;
use vq_data::{DataError, ImageSource, Sample};
use vq_train::{Experiment, ExperimentFile, MetricsLog, Plan, Record, Watch};

/// A run of seconds: tiny pictures, tiny network.
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
prior = { source = "embedded", adjectives = 20, nouns = 30 }
transfer = { hidden = 8, dropout = 0.5 }
width = 4

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

pub(crate) fn tiny(overrides: &[&str]) -> Experiment {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "tiny.toml", TINY);
    let overrides = overrides.iter().map(|text| (*text).to_owned()).collect();
    ExperimentFile { path, overrides }.load().unwrap()
}

/// Stops after a number of steps.
pub(crate) struct StopAfter(pub(crate) u64);

impl Watch for StopAfter {
    fn step(&mut self, _step: u64) {
        self.0 -= 1;
    }

    fn record(&mut self, _record: &Record) {}

    fn wants_stop(&self) -> bool {
        self.0 == 0
    }
}

/// Ten pictures of 20x18.
pub(crate) fn pictures() -> TempDir {
    let folder = TempDir::new().unwrap();
    for number in 0..10_u8 {
        let picture = RgbImage::from_fn(20, 18, |x, y| Rgb([x as u8 * 12, y as u8 * 14, number * 25]));
        picture.save(folder.path().join(format!("{number}.png"))).unwrap();
    }
    folder
}

/// As `tiny`, on the pictures of a folder in the place of the emoji.
pub(crate) fn tiny_folder(folder: &Path, more: &[&str]) -> Experiment {
    let train = format!("data.source.train={}", toml::Value::String(folder.display().to_string()));
    let source =
        ["data.source.kind=folder", &train, "data.source.validation={ kind = \"held-out\", share = 0.4, seed = 1 }"];
    tiny(&[&source, more].concat())
}

/// So many small pictures, each another slope of colour.
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

/// Plain VQ on few pictures, which needs no words: quicker than [`tiny`].
pub(crate) const PLAIN: [&str; 4] =
    ["quantizer.kind=nearest", "quantizer.codes=24", "quantizer.width=4", "train.validate_every=100"];

/// [`PLAIN`] and more overrides.
pub(crate) fn plain(overrides: &[&str]) -> Experiment {
    tiny(&[&PLAIN, overrides].concat())
}

/// Pictures to train on and to validate on.
pub(crate) fn slopes() -> [Arc<dyn ImageSource>; 2] {
    [Arc::new(Slopes(20)), Arc::new(Slopes(4))]
}

pub(crate) fn plan(experiment: Experiment) -> Plan {
    let [train, validation] = slopes();
    Plan::with_images(experiment, train, validation).unwrap()
}

pub(crate) fn records(run: &Path) -> Vec<Record> {
    MetricsLog::read(&run.join("metrics.jsonl")).unwrap()
}

/// Tensors of a checkpoint, by name.
pub(crate) fn tensors(checkpoint: &Path) -> Vec<(String, tch::Tensor)> {
    let mut tensors = tch::Tensor::read_safetensors(checkpoint).unwrap();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    tensors
}

/// Two checkpoints hold the same, bit for bit.
pub(crate) fn assert_equal(ours: &Path, theirs: &Path) {
    let (ours, theirs) = (tensors(ours), tensors(theirs));
    let names = |tensors: &[(String, tch::Tensor)]| tensors.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs));
    for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        assert!(ours.equal(theirs), "{name} differs");
    }
}
