//! CIFAR-10 as folders of JPEG files: the time to open it, and the time of an epoch of batches at 32x32, decoded and
//! from memory.
//!
//! ```sh
//! VQCT_CIFAR=FOLDER cargo bench -p vq-data --bench cifar
//! ```
//!
//! FOLDER holds `train/CLASS/*.jpg` and `test/CLASS/*.jpg`; any folder of images works.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and a failed unwrap ends it")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use vq_data::{ImageFolder, ImageFolderConfig, ImageSource, InMemory, Loader, LoaderConfig, Transform};

const FOLDER: &str = "VQCT_CIFAR";
const SIZE: u32 = 32;
const BATCH: usize = 64;

fn open(root: &Path) -> ImageFolder {
    ImageFolder::open(root, ImageFolderConfig::default()).unwrap()
}

/// One shuffled epoch, as in training.
fn epoch(source: &Arc<dyn ImageSource>, threads: usize) {
    let config = LoaderConfig { threads, ..LoaderConfig::shuffled(BATCH, 0) };
    let loader = Loader::new(Arc::clone(source), Transform::fixed(SIZE, [255; 3]), config).unwrap();
    for batch in loader.take(source.len().div_ceil(BATCH)) {
        black_box(batch.unwrap());
    }
}

fn cifar(criterion: &mut Criterion) {
    let Some(root) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        println!("cifar: {FOLDER} is not set, nothing measured");
        return;
    };
    let folder: Arc<dyn ImageSource> = Arc::new(open(&root));
    let mut group = criterion.benchmark_group("cifar");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(folder.len() as u64));
    group.bench_function("open", |bencher| bencher.iter(|| open(&root)));
    group.bench_function("decode into memory", |bencher| {
        bencher.iter(|| InMemory::load(&*folder, SIZE).unwrap());
    });
    let kept: Arc<dyn ImageSource> = Arc::new(InMemory::load(&*folder, SIZE).unwrap());
    for threads in [1, 2] {
        group.bench_function(BenchmarkId::new("epoch, decoded", threads), |bencher| {
            bencher.iter(|| epoch(&folder, threads));
        });
        group.bench_function(BenchmarkId::new("epoch, from memory", threads), |bencher| {
            bencher.iter(|| epoch(&kept, threads));
        });
    }
    group.finish();
}

criterion_group!(benches, cifar);
criterion_main!(benches);
