//! Nearest-code search beside libtorch's `cdist` and `argmin`, in one process and on as many threads.
//!
//! ```sh
//! cargo bench -p vq-core --bench search
//! ```
//!
//! Criterion keeps the figures; a table follows them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed bench")]
#![allow(clippy::print_stdout, reason = "a bench prints")]

mod machine;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};
use tch::{Device, Kind, Tensor};
use vq_core::{Search, nearest_codes};

/// Shapes `(N, K, D)`.
const SHAPES: [(i64, i64, i64); 5] =
    [(8192, 1024, 256), (8192, 16384, 256), (8192, 16384, 8), (8192, 8192, 32), (8192, 262_144, 32)];

/// What was measured of one way to search one shape.
struct Figures {
    /// Fastest call.
    time: Duration,
    /// Memory that a call took beside its inputs, in MiB.
    memory: f64,
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(10).warm_up_time(Duration::from_secs(1));
    let (fma, sgemm) = (machine::fma_peak(), machine::sgemm_rate());
    let mut table = Vec::new();
    for (n, size, width) in SHAPES {
        let vectors = Tensor::randn([n, width], (Kind::Float, Device::Cpu));
        let codes = Tensor::randn([size, width], (Kind::Float, Device::Cpu));
        let name = format!("search {n} x {size} x {width}");
        let ours = measure(&mut criterion, &name, "vq-core", || {
            nearest_codes(&vectors, &codes, Search::default()).unwrap().indices
        });
        let theirs = measure(&mut criterion, &name, "libtorch", || {
            Tensor::cdist(&vectors, &codes, 2.0, None::<i64>).argmin(1, false)
        });
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            table.push(((n, size, width), ours, theirs));
        }
    }
    criterion.final_summary();
    print(&table, fma, sgemm);
}

/// Measures a call with criterion; nothing if the command line leaves it out.
fn measure(criterion: &mut Criterion, group: &str, name: &str, mut call: impl FnMut() -> Tensor) -> Option<Figures> {
    let mut fastest = None;
    let mut group = criterion.benchmark_group(group);
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            (0..rounds)
                .map(|_| {
                    let start = Instant::now();
                    black_box(call());
                    let time = start.elapsed();
                    fastest = Some(fastest.map_or(time, |fastest: Duration| fastest.min(time)));
                    time
                })
                .sum()
        });
    });
    group.finish();
    fastest.map(|time| Figures { time, memory: machine::extra_memory(|| drop(call())) })
}

fn print(table: &[((i64, i64, i64), Figures, Figures)], fma: f64, sgemm: f64) {
    println!(
        "threads: {}; peak of f32 FMA: {fma:.0} GFLOP/s; libtorch's sgemm: {sgemm:.0} GFLOP/s",
        tch::get_num_threads()
    );
    println!(
        "GFLOP/s are 2 N K D over the time; the share is of the f32 FMA peak, which narrower products can exceed."
    );
    println!();
    println!("| N | K | D | vq-core ms | libtorch ms | times faster | GFLOP/s | share of peak | MiB | libtorch MiB |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for ((n, size, width), ours, theirs) in table {
        let rate = 2.0 * (n * size * width) as f64 / ours.time.as_secs_f64() / 1e9;
        println!(
            "| {n} | {size} | {width} | {:.1} | {:.1} | {:.1} | {rate:.0} | {:.0} % | {:.0} | {:.0} |",
            ours.time.as_secs_f64() * 1e3,
            theirs.time.as_secs_f64() * 1e3,
            theirs.time.as_secs_f64() / ours.time.as_secs_f64(),
            100.0 * rate / fma,
            ours.memory,
            theirs.memory,
        );
    }
}
