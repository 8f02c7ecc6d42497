//! Time of one scene of 64x64 and of 256x256 on one thread, and of 64 scenes of 64x64 on all threads.
//!
//! ```sh
//! cargo bench -p vq-scenes --bench scenes
//! ```
#![allow(clippy::unwrap_used, reason = "a failed unwrap ends the benchmark")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;
use vq_scenes::{EmojiScenes, SceneConfig};

const AT_ONCE: u64 = 64;

fn scenes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scenes");
    for size in [64, 256] {
        let world = EmojiScenes::new(SceneConfig::new(size)).unwrap();
        let mut index = 0;
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("one thread", size), |bencher| {
            bencher.iter(|| {
                index += 1;
                black_box(world.scene(index))
            });
        });
    }
    let world = EmojiScenes::new(SceneConfig::new(64)).unwrap();
    let mut first = 0;
    group.throughput(Throughput::Elements(AT_ONCE));
    group.bench_function(BenchmarkId::new("all threads", 64), |bencher| {
        bencher.iter(|| {
            first += AT_ONCE;
            (first..first + AT_ONCE).into_par_iter().map(|index| world.scene(index).caption.len()).sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, scenes);
criterion_main!(benches);
