//! Run folders for the tests.

use std::path::Path;

use vq_report::RunReport;
use vq_run::{Environment, GroupRecord, Kept, MetricsLog, Record, RunDir};

pub(crate) const CONFIG: &str = "name = \"a\" # <script>alert(1)</script>\nseed = 0\n[train]\nsteps = 20\n";

pub(crate) fn training(step: u64, loss: f64) -> Record {
    let (reconstruction, codebook) = (loss * 0.9, loss * 0.1);
    Record::Train {
        step,
        loss,
        reconstruction: Some(reconstruction),
        codebook: Some(codebook),
        learning_rate: 3e-4,
        images_per_second: 50.0 + step as f64,
        gradient_norm: Some(loss * 2.0),
        terms: [("perceptual".to_owned(), 0.25)].into(),
    }
}

pub(crate) fn validation(step: u64, psnr: f64) -> Record {
    let group =
        |group: &str, size, used| GroupRecord { group: group.into(), size, used, perplexity: 7.5, gini: Some(0.5) };
    let groups = vec![group("adjectives", 20, 15), group("nouns", 30, 6)];
    let images = [("psnr", psnr), ("ssim", 0.75), ("ms_ssim", 0.875)].map(|(name, value)| (name.to_owned(), value));
    Record::Validation { step, images: images.into(), usage: 0.42, groups, captions: None }
}

pub(crate) fn grid() -> image::RgbImage {
    image::RgbImage::from_pixel(6, 4, image::Rgb([200, 30, 10]))
}

/// A run of two validations, as training leaves it.
pub(crate) fn write_run(folder: &Path, config: &str) -> RunDir {
    let run = RunDir::exact(folder).unwrap();
    std::fs::write(run.config(), config).unwrap();
    std::fs::create_dir(run.path().join("grids")).unwrap();
    let mut log = MetricsLog::open(&run.metrics(), Kept::UpToStep(0)).unwrap();
    for (step, psnr) in [(10, 18.25), (20, 21.5)] {
        log.append(&training(step, 4.0 / step as f64)).unwrap();
        log.append(&validation(step, psnr)).unwrap();
        grid().save(run.grid(step)).unwrap();
    }
    run
}

pub(crate) fn append(run: &RunDir, text: &str) {
    let log = std::fs::read_to_string(run.metrics()).unwrap();
    std::fs::write(run.metrics(), log + text).unwrap();
}

pub(crate) fn page(run: &RunDir) -> String {
    let path = RunReport::write(run).unwrap();
    assert_eq!(path, run.path().join("report.html"));
    std::fs::read_to_string(path).unwrap()
}

pub(crate) fn environment() -> Environment {
    Environment::current("0.1.0", "2.11.0", "CPU", 1)
}
